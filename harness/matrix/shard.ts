// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/**
 * The cells of shard `i/n`, counted from 1: blocks in matrix order that take equally long, so that the cells of a kernel
 * stay together and each host downloads few. All shards must be told the same times. Throws `UsageError` if `shard` is
 * not of this form.
 */
export function takeShard<T>(
  cells: readonly T[],
  shard: string,
  secondsOf: (cell: T) => number = () => 1,
): T[] {
  const { index, count } = parseShard(shard);
  const seconds = cells.map(secondsOf);
  const share = seconds.reduce((sum, one) => sum + one, 0) / count;
  let sum = 0;
  return cells.filter((_, place) => {
    sum += seconds[place] ?? 0;
    // A sum of fractions may be a hair above a whole number of shares.
    return Math.min(count, Math.ceil(sum / share - 1e-9)) === index;
  });
}

/** Reads `i/n`. Throws `UsageError`. */
export function parseShard(shard: string): { readonly index: number; readonly count: number } {
  const [index = 0, count = 0] = (/^\d{1,6}\/\d{1,6}$/.exec(shard)?.[0] ?? '')
    .split('/')
    .map(Number);
  if (index >= 1 && index <= count) return { index, count };
  throw new UsageError(
    `Cannot take shard "${shard}": expected i/n with 1 <= i <= n; give 1/3 for the first third`,
  );
}
