// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';

/**
 * The cells of shard `i/n`, counted from 1: blocks in matrix order, so that the cells of a kernel
 * stay together and each host downloads few. Throws `UsageError` if `shard` is not of this form.
 */
export function takeShard<T>(cells: readonly T[], shard: string): T[] {
  const [index = 0, count = 0] = (/^\d{1,6}\/\d{1,6}$/.exec(shard)?.[0] ?? '')
    .split('/')
    .map(Number);
  if (index < 1 || index > count) {
    throw new UsageError(
      `Cannot take shard "${shard}": expected i/n with 1 <= i <= n; give 1/3 for the first third`,
    );
  }
  const bound = (shards: number): number => Math.floor((shards * cells.length) / count);
  return cells.slice(bound(index - 1), bound(index));
}
