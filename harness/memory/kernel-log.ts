// SPDX-License-Identifier: MIT
import { printableText } from './printable-text.ts';

/** Every kernel's log begins with this. */
export const FIRST_LINE = 'Linux version ';

/** No line of printk is longer, in characters; other output of a guest may be. */
const LINE_LIMIT = 1024;

/** The last line of a kernel's log or console that matches all patterns, or has them as text, made printable. */
export function findLogLine(
  log: string,
  ...patterns: readonly (RegExp | string)[]
): string | undefined {
  const line = log
    .split('\n')
    .findLast((text) =>
      patterns.every((pattern) =>
        typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text),
      ),
    );
  return line === undefined ? undefined : printableText(line.slice(0, LINE_LIMIT));
}

/** The last line that is not blank, made printable; empty if all are. */
export function lastLogLine(log: string): string {
  return findLogLine(log, /[^\s\0]/) ?? '';
}

/** Whether a kernel's log has its first line; without it there is no telling what else was lost. */
export function isWholeLog(log: string): boolean {
  return log.includes(FIRST_LINE);
}
