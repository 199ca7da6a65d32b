// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { type PhysRange, findRange } from './phys-range.ts';
import { type LineLimits, linesOf } from './text-lines.ts';

/** One entry of the e820 map as the firmware gave it. */
export interface E820Entry {
  readonly range: PhysRange;
  /** Whether it is E820_TYPE_RAM; all other types are alike for the owners of low memory. */
  readonly ram: boolean;
}

/**
 * E820_TYPE_RAM as printed by `e820_print_type()` (up to 7.1, since 7.2) and
 * `e820_type_to_string()`.
 */
const RAM_WORDS: ReadonlySet<string> = new Set(['usable', 'System RAM']);

/** `E820_MAX_ENTRIES`: 128, and 3 for each of 1024 NUMA nodes. */
const ENTRIES_LIMIT = 3200;

const LOG_LINE = /BIOS-e820: \[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\] +([^ ].*)/;
const MEMMAP_LINE = /^0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) (.+)/;

/** A journal has the logs of many boots. */
const LIMITS: LineLimits = { lines: 1024 * 1024, length: 1024 };

/** Parses the `BIOS-e820:` lines of a kernel log. Throws `FormatError` if there are none. */
export function parseE820Log(text: string): E820Entry[] {
  return entries(
    text,
    LOG_LINE,
    'the e820 map of the log: expected lines "BIOS-e820: [mem 0x…-0x…] …"',
  );
}

/** Parses `/sys/firmware/memmap`, one entry per line: `0x0 0x9ffff System RAM`. Throws likewise. */
export function parseFirmwareMemmap(text: string): E820Entry[] {
  return entries(
    text,
    MEMMAP_LINE,
    '/sys/firmware/memmap: expected lines "0x0 0x9ffff System RAM"',
  );
}

function entries(text: string, pattern: RegExp, what: string): E820Entry[] {
  const found: E820Entry[] = [];
  for (const line of linesOf(text, LIMITS)) {
    const [, first = '', last = '', type = ''] = pattern.exec(line) ?? [];
    const range = findRange(first, last);
    if (range) found.push({ range, ram: RAM_WORDS.has(type.trimEnd()) });
    if (found.length > ENTRIES_LIMIT) {
      throw new FormatError(`Cannot read ${what}, found more than ${ENTRIES_LIMIT}`);
    }
  }
  if (found.length === 0) throw new FormatError(`Cannot read ${what}, found none`);
  return found;
}
