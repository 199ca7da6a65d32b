// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { type PhysRange, findRange } from './phys-range.ts';

/** A line of `/proc/iomem`; children follow their parent and are inside its range. */
export interface IomemEntry {
  readonly range: PhysRange;
  readonly name: string;
}

const LINE = /^ *([0-9a-f]+)-([0-9a-f]+) : (.+)$/gm;

/** Parses `/proc/iomem`, skipping lines that are not resources. Throws `FormatError` if none is. */
export function parseIomem(text: string): IomemEntry[] {
  const entries: IomemEntry[] = [];
  for (const [, first = '', last = '', name = ''] of text.matchAll(LINE)) {
    const range = findRange(first, last);
    if (range) entries.push({ range, name: name.trimEnd() });
  }
  if (entries.length === 0) {
    throw new FormatError(
      'Cannot read /proc/iomem: expected lines such as "00001000-0009ffff : System RAM", found none',
    );
  }
  return entries;
}
