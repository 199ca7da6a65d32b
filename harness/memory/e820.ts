// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { type PhysRange, findRange } from './phys-range.ts';
import { printableText } from './printable-text.ts';
import { type LineLimits, linesOf } from './text-lines.ts';

/** One entry of the e820 map as the firmware gave it. */
export interface E820Entry {
  readonly range: PhysRange;
  /** Whether it is E820_TYPE_RAM; all other types are alike for the owners of low memory. */
  readonly ram: boolean;
}

/** What follows the mark of an e820 line: an entry, a gap between entries, or what no kernel prints. */
export type E820Line =
  | { readonly kind: 'entry'; readonly entry: E820Entry }
  | { readonly kind: 'gap' }
  | { readonly kind: 'damaged'; readonly why: string };

/** E820_TYPE_RAM as `e820_print_type()` (up to 7.1, since 7.2) and `e820_type_to_string()` print it. */
const RAM_WORDS: ReadonlySet<string> = new Set(['usable', 'System RAM']);

/** All other types that `e820_print_type()` (arch/x86/kernel/e820.c) has printed since 2.6. */
const OTHER_WORDS =
  /^(?:reserved|device reserved|soft reserved|ACPI data|ACPI NVS|unusable|persistent \(type \d{1,10}\)|type \d{1,10})$/i;

/** `E820_MAX_ENTRIES`: 128, and 3 for each of 1024 NUMA nodes. */
const ENTRIES_LIMIT = 3200;

/**
 * Where an entry of the firmware's map begins, whoever gave it: `e820__memory_setup_default()` also asks INT 15h e801 and
 * 88h. What people write about such lines has no address behind it.
 */
export const E820_MARK = /\bBIOS-(?:e820|e801|88): *(?=\[(?:mem|gap)\b|[0-9a-f]{12,16} -|$)/i;

/** Since 3.6, with inclusive ends; before, with exclusive ones and the type in brackets. */
const NEW_FORM = /^\[mem *0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\](.*)$/is;
const OLD_FORM = /^([0-9a-f]{16}) - ([0-9a-f]{16}) +(?:\(([^()]{1,40})\)|(type \d{1,10}))(.*)$/is;
const GAP = /^\[gap 0x[0-9a-f]{1,16}-0x[0-9a-f]{1,16}\]/i;

/** What may follow a type without being part of it: quotes of a JSON array or of code, a comma, white space. */
const TRAILER = /(?:\\[nrt]|["'`,;\s])+$/;

const MEMMAP_LINE = /^0x([0-9a-f]{1,16}) 0x([0-9a-f]{1,16}) (.+)/;

/** A journal has the logs of many boots. */
const LIMITS: LineLimits = { lines: 1024 * 1024, length: 1024 };

/** Reads what stands behind `E820_MARK` on a line. */
export function readE820Line(text: string): E820Line {
  const old = OLD_FORM.exec(text);
  if (old) {
    const [, first = '', end = '', word, type, rest = ''] = old;
    return entryOf(first, before(end), (word ?? type ?? '') + rest);
  }
  const [, first = '', last = '', type] = NEW_FORM.exec(text) ?? [];
  if (type !== undefined) return entryOf(first, last, type);
  return GAP.test(text) ? { kind: 'gap' } : { kind: 'damaged', why: 'it is cut' };
}

function entryOf(first: string, last: string, text: string): E820Line {
  const type = text.replace(TRAILER, '').trim();
  const ram = RAM_WORDS.has(type);
  if (!ram && !OTHER_WORDS.test(type)) return { kind: 'damaged', why: 'no kernel prints its type' };
  const range = findRange(first, last);
  if (!range) return { kind: 'damaged', why: 'its range is impossible' };
  return { kind: 'entry', entry: { range, ram } };
}

/** The last address before an exclusive end, in hexadecimal. */
function before(end: string): string {
  const address = BigInt(`0x${end}`);
  return address === 0n ? '' : (address - 1n).toString(16);
}

/**
 * Parses the `BIOS-e820:` lines of a kernel log. Throws `FormatError` if there are none, or if one is what no kernel
 * prints: its types are a closed set, and a line that is cut or garbled hides who has the memory.
 */
export function parseE820Log(text: string): E820Entry[] {
  return entries(
    text,
    logEntry,
    'the e820 map of the log: expected lines "BIOS-e820: [mem 0x…-0x…] …"',
  );
}

/** Parses `/sys/firmware/memmap`, one entry per line: `0x0 0x9ffff System RAM`. Throws if there are none. */
export function parseFirmwareMemmap(text: string): E820Entry[] {
  return entries(
    text,
    memmapEntry,
    '/sys/firmware/memmap: expected lines "0x0 0x9ffff System RAM"',
  );
}

function logEntry(line: string): E820Entry | undefined {
  const mark = E820_MARK.exec(line);
  if (!mark) return undefined;
  const found = readE820Line(line.slice(mark.index + mark[0].length));
  if (found.kind === 'damaged') throw damagedE820(line, found.why);
  return found.kind === 'entry' ? found.entry : undefined;
}

/** The error for a line of the e820 map that cannot be read. */
export function damagedE820(line: string, why: string): FormatError {
  return new FormatError(
    `Cannot read a line of the log: expected an entry of the e820 map, but ${why}: ${printableText(line).slice(0, 200)}`,
  );
}

function memmapEntry(line: string): E820Entry | undefined {
  const [, first = '', last = '', type = ''] = MEMMAP_LINE.exec(line) ?? [];
  const range = findRange(first, last);
  return range && { range, ram: RAM_WORDS.has(type.trimEnd()) };
}

function entries(
  text: string,
  entryOn: (line: string) => E820Entry | undefined,
  what: string,
): E820Entry[] {
  const found: E820Entry[] = [];
  for (const line of linesOf(text, LIMITS)) {
    const entry = entryOn(line);
    if (entry) found.push(entry);
    if (found.length > ENTRIES_LIMIT) {
      throw new FormatError(`Cannot read ${what}, found more than ${ENTRIES_LIMIT}`);
    }
  }
  if (found.length === 0) throw new FormatError(`Cannot read ${what}, found none`);
  return found;
}
