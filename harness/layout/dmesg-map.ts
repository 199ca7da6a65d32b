// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { type E820Entry, parseE820Log } from '../memory/e820.ts';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { EFI_MEMORY_TYPES, e820FromEfiMap } from './efi-memory-types.ts';
import type { MachineMaps } from './layout.ts';
import { findRange } from '../memory/phys-range.ts';
import { printableText } from '../memory/printable-text.ts';
import { linesOf } from '../memory/text-lines.ts';

/** The attributes that `efi_md_typeattr_format()` prints by name, as UEFI numbers them. */
export const EFI_ATTRIBUTES: Readonly<Record<string, bigint>> = {
  RUN: 1n << 63n,
  HP: 1n << 20n,
  CC: 1n << 19n,
  SP: 1n << 18n,
  RO: 1n << 17n,
  MR: 1n << 16n,
  NV: 1n << 15n,
  XP: 1n << 14n,
  RP: 1n << 13n,
  WP: 1n << 12n,
  UCE: 1n << 4n,
  WB: 1n << 3n,
  WT: 1n << 2n,
  WC: 1n << 1n,
  UC: 1n,
};

/**
 * A line of `efi_print_memmap()`. Some kernels before v4.5 print an exclusive end: `)`. Entries that
 * the kernel calls invalid have no size in MB.
 */
const EFI_LINE =
  /\befi: mem(\d{1,6}): \[([^|\]]{1,64})\|([^\]]{0,128})\] range=\[0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})([\])]) \(\d{1,16}MB\)/;

/** A journal has the logs of many boots, each line with a stamp; a map has far fewer entries. */
const LIMITS = { lines: 1024 * 1024, length: 1024 };
const ENTRIES_LIMIT = 8192;

const WHAT_TO_DO =
  'boot with efi=debug and save the whole log, from its first line ("journalctl -k -b" has it)';

/**
 * Parses the memory maps in a kernel log: the lines "efi: mem00: …" that `efi=debug` makes it print,
 * and "BIOS-e820: …"; what precedes these on a line does not matter. Throws `FormatError` if there is
 * neither, or if a line "efi: mem…" is impossible or missing.
 */
export function parseDmesgMaps(text: string): MachineMaps {
  const efiMap = findEfiMap(text);
  const hasE820 = text.includes('BIOS-e820: [mem');
  if (!efiMap && !hasE820) {
    throw new FormatError(
      `Cannot read a memory map from the log: expected lines "efi: mem00: …" or "BIOS-e820: …", found none; ${WHAT_TO_DO}`,
    );
  }
  const e820: readonly E820Entry[] = hasE820 ? parseE820Log(text) : e820FromEfiMap(efiMap ?? []);
  return { e820, efiMap, biosWords: { ebdaSegment: 0, baseMemoryKiB: 0 } };
}

/** Only the first map: a journal can contain many boots. */
function findEfiMap(text: string): EfiDescriptor[] | null {
  const found: EfiDescriptor[] = [];
  let index = -1;
  for (const line of linesOf(text, LIMITS)) {
    index += 1;
    const match = EFI_LINE.exec(line);
    if (!match) continue;
    const number = Number(match[1]);
    if (number === 0 && found.length > 0) break;
    if (number !== found.length) {
      throw new FormatError(
        `Cannot read line ${index + 1} of the log: expected descriptor ${found.length} of the EFI memory map, found ${number}; ${WHAT_TO_DO}`,
      );
    }
    found.push(descriptor(match, index + 1));
    if (found.length > ENTRIES_LIMIT) throw tooMany();
  }
  return found.length === 0 ? null : found;
}

function tooMany(): FormatError {
  return new FormatError(
    `Cannot read the EFI memory map of the log: expected at most ${ENTRIES_LIMIT} descriptors, found more`,
  );
}

function descriptor(match: RegExpExecArray, lineNumber: number): EfiDescriptor {
  const [, , word = '', attributes = '', start = '', end = '', bracket = ''] = match;
  const type = typeNumber(word.trimEnd());
  const last = bracket === ')' ? (BigInt(`0x${end}`) - 1n).toString(16) : end;
  const range = findRange(start, last);
  const attribute = attributeBits(attributes);
  if (type === undefined || !range || attribute === undefined) {
    const wrong = type === undefined ? 'its type' : range ? 'its attributes' : 'its range';
    throw new FormatError(
      `Cannot read line ${lineNumber} of the log: expected a descriptor of the EFI memory map, but ${wrong} is impossible: ${printableText(match[0])}`,
    );
  }
  return { type, range, attribute };
}

function typeNumber(word: string): number | undefined {
  const [, number] = /^type=(\d+)$/.exec(word) ?? [];
  if (number !== undefined) return Number(number);
  const type = EFI_MEMORY_TYPES.findIndex(({ printed }) => printed.includes(word));
  return type === -1 ? undefined : type;
}

function attributeBits(text: string): bigint | undefined {
  const [, bits] = /^attr=(0x[0-9a-f]{1,16})$/.exec(text) ?? [];
  if (bits !== undefined) return BigInt(bits);
  const words = text.split('|').map((word) => word.trim());
  const named = words.filter((word) => word !== '').map((word) => EFI_ATTRIBUTES[word]);
  return named.some((bit) => bit === undefined)
    ? undefined
    : named.reduce<bigint>((all, bit) => all | (bit ?? 0n), 0n);
}
