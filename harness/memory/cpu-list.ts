// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { printableText } from './printable-text.ts';

/**
 * Counts the CPUs of a list such as `0-3,5` (`/sys/devices/system/cpu/online`). Throws
 * `FormatError`.
 */
export function countCpus(text: string): number {
  return text
    .trim()
    .split(',')
    .map(countRun)
    .reduce((sum, count) => sum + count, 0);
}

function countRun(run: string): number {
  const [, first = '', last = first] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(run) ?? [];
  const count = Number(last) - Number(first) + 1;
  if (first === '' || count < 1) {
    const found = printableText(run.slice(0, 40));
    throw new FormatError(
      `Cannot read a list of CPUs: expected something like 0-3,5, found "${found}"`,
    );
  }
  return count;
}
