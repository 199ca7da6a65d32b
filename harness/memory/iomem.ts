// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { type PhysRange, findRange } from './phys-range.ts';
import { linesOf } from './text-lines.ts';

/** A line of `/proc/iomem`; children follow their parent and are inside its range. */
export interface IomemEntry {
  readonly range: PhysRange;
  readonly name: string;
}

const LINE = /^ *([0-9a-f]+)-([0-9a-f]+) : (.+)/;

/** No machine has as many resources; a resource's name is short. */
const LIMITS = { lines: 16_384, length: 256 };

/** Parses `/proc/iomem`, skipping lines that are not resources. Throws `FormatError` if none is, or far too many are. */
export function parseIomem(text: string): IomemEntry[] {
  const entries: IomemEntry[] = [];
  // One more than may be there.
  for (const line of linesOf(text, { ...LIMITS, lines: LIMITS.lines + 1 })) {
    const [, first = '', last = '', name = ''] = LINE.exec(line) ?? [];
    const range = findRange(first, last);
    if (range) entries.push({ range, name: name.trimEnd() });
  }
  if (entries.length === 0) {
    throw new FormatError(
      'Cannot read /proc/iomem: expected lines such as "00001000-0009ffff : System RAM", found none',
    );
  }
  if (entries.length > LIMITS.lines) {
    throw new FormatError(
      `Cannot read /proc/iomem: expected at most ${LIMITS.lines} lines, found more`,
    );
  }
  return entries;
}
