// SPDX-License-Identifier: MIT
/** Lines of text that a guest or a stranger wrote: a parser looks at so many of them, and at so much of each. */

/** What is looked at. */
export interface LineLimits {
  readonly lines: number;
  /** Characters of a line. */
  readonly length: number;
}

/** Of a kernel's log: no line of printk is longer, and no log that a person reads has more. */
export const LOG_LIMITS: LineLimits = { lines: 65_536, length: 1024 };

/** The lines in their order, without their ends, each cut to its limit. */
export function* linesOf(text: string, { lines, length }: LineLimits): Generator<string> {
  let start = 0;
  for (let count = 0; count < lines && start <= text.length; count += 1) {
    const end = endOfLine(text, start);
    yield text.slice(start, Math.min(end, start + length));
    start = end + 1;
  }
}

/** The same from the last line to the first. */
export function* linesFromEnd(text: string, { lines, length }: LineLimits): Generator<string> {
  let end = text.length;
  for (let count = 0; count < lines && end >= 0; count += 1) {
    // A search from -1 would look at the first character.
    const before = end === 0 ? -1 : text.lastIndexOf('\n', end - 1);
    yield text.slice(before + 1, Math.min(end, before + 1 + length));
    end = before;
  }
}

function endOfLine(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end === -1 ? text.length : end;
}
