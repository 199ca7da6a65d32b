// SPDX-License-Identifier: MIT
import { printableText } from './printable-text.ts';
import { LOG_LIMITS, linesFromEnd, linesOf } from './text-lines.ts';

/** Every kernel's log begins with this. */
export const FIRST_LINE = 'Linux version ';

/** The last line of a kernel's log or console that matches all patterns, or has them as text, made printable. */
export function findLogLine(
  log: string,
  ...patterns: readonly (RegExp | string)[]
): string | undefined {
  for (const line of linesFromEnd(log, LOG_LIMITS)) {
    const hasAll = patterns.every((pattern) =>
      typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line),
    );
    if (hasAll) return printableText(line);
  }
  return undefined;
}

/**
 * What lines of a log say behind a mark such as `efi: `, in order. Whoever looks for a mark and for something behind it
 * in one pattern searches the line anew from each mark.
 */
export function* behind(log: string, mark: RegExp): Generator<string> {
  for (const line of linesOf(log, LOG_LIMITS)) {
    const found = mark.exec(line);
    if (found) yield line.slice(found.index + found[0].length);
  }
}

/** The last line that is not blank, made printable; empty if all are. */
export function lastLogLine(log: string): string {
  return findLogLine(log, /[^\s\0]/) ?? '';
}

/** Whether a kernel's log has its first line; without it there is no telling what else was lost. */
export function isWholeLog(log: string): boolean {
  return log.includes(FIRST_LINE);
}
