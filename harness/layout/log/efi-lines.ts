// SPDX-License-Identifier: MIT
/** The lines in which kernels and Xen print an EFI memory map, of every release. */
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { PHYS_ADDR_LIMIT } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { EFI_MEMORY_TYPES } from '../../memory/efi-memory-types.ts';

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

/** A descriptor; null if it is empty (`efi_clean_memmap()` drops such), or the kernel calls it invalid. */
export interface EfiLine {
  /** Its number in the map; null where lines have none (Xen). */
  readonly number: number | null;
  readonly descriptor: EfiDescriptor | null;
  /** Whether it counts in the map: what the kernel calls invalid is printed before the map, by other numbers. */
  readonly valid: boolean;
}

/** What `efi_print_memmap()` prints, and before 3.3 `print_efi_memmap()`, in upper case. */
export const EFI_MARK = /\befi: mem(?:(\d{1,6})(?:: *|$)|$)/i;

/** A line of Xen's `efi_arch_process_memory_map()`, behind `(XEN)`. */
export const XEN_EFI_MARK = /\(XEN\) +(?=[0-9a-f]{13}-)/;

interface Form {
  readonly pattern: RegExp;
  /** Whether the end belongs to the range: `]`; the kernel printed `)` before v4.5. */
  readonly isInclusive: (match: RegExpExecArray) => boolean;
}

/** Each has the groups `type`, `attribute`, `start`, `end`. */
const FORMS: readonly Form[] = [
  {
    // Since v3.19: a type and attributes in words, or in numbers where they have none.
    pattern:
      /^\[(?<type>[^|\]]{1,64})\|(?<attribute>[^\]]{0,128})\] *range=\[0x(?<start>[0-9a-f]{1,16})-0x(?<end>[0-9a-f]{1,16})(?<bracket>[\])]) *\((?<size>\d{1,16} ?MB|invalid)\)/i,
    isInclusive: ({ groups }) => groups?.['bracket'] === ']',
  },
  {
    // From 2.6 to v3.18: in numbers.
    pattern:
      /^type=(?<type>\d{1,10}), *attr=(?<attribute>0x[0-9a-f]{1,16}), *range=\[0x(?<start>[0-9a-f]{1,16})-0x(?<end>[0-9a-f]{1,16})\) *\((?<size>\d{1,16} ?MB)\)/i,
    isInclusive: () => false,
  },
  {
    pattern:
      /^(?<start>[0-9a-f]{13})-(?<end>[0-9a-f]{13,16}) +type=(?<type>\d{1,10}) +attr=(?<attribute>[0-9a-f]{16})/i,
    isInclusive: () => true,
  },
];

/** Reads what stands behind a mark: the line, what is impossible in it, or undefined for one that is cut. */
export function readEfiLine(text: string, number: number | null): EfiLine | string | undefined {
  for (const { pattern, isInclusive } of FORMS) {
    const match = pattern.exec(text);
    if (!match) continue;
    if (match.groups?.['size'] === 'invalid') return { number, descriptor: null, valid: false };
    const descriptor = readDescriptor(match, isInclusive(match));
    return typeof descriptor === 'string' ? descriptor : { number, descriptor, valid: true };
  }
  return undefined;
}

/** The descriptor, null if it is empty; or what is impossible. */
function readDescriptor(
  { groups }: RegExpExecArray,
  isInclusive: boolean,
): EfiDescriptor | string | null {
  const { type: word = '', attribute: words = '', start = '', end = '' } = groups ?? {};
  const from = BigInt(`0x${start}`);
  // An empty range with an inclusive end at 0 ends at 2^64 - 1.
  const to = BigInt.asUintN(64, BigInt(`0x${end}`) + (isInclusive ? 1n : 0n));
  if (from === to) return null;
  const [type, attribute] = [findType(word.trim()), findAttribute(words)];
  if (type === undefined) return 'its type is impossible';
  if (attribute === undefined) return 'its attributes are impossible';
  if (from > to || to > BigInt(PHYS_ADDR_LIMIT)) return 'its range is impossible';
  return { type, range: physRange(Number(from), Number(to)), attribute };
}

function findType(word: string): number | undefined {
  const [, number] = /^(?:type=)?(\d+)$/.exec(word) ?? [];
  if (number !== undefined) return Number(number);
  const type = EFI_MEMORY_TYPES.findIndex(({ printed }) => printed.includes(word));
  return type === -1 ? undefined : type;
}

function findAttribute(text: string): bigint | undefined {
  const [, bits] = /^(?:attr=)?(?:0x)?([0-9a-f]{1,16})$/i.exec(text) ?? [];
  if (bits !== undefined) return BigInt(`0x${bits}`);
  const words = text.split('|').map((word) => word.trim());
  const named = words.filter((word) => word !== '').map((word) => EFI_ATTRIBUTES[word]);
  return named.some((bit) => bit === undefined)
    ? undefined
    : named.reduce<bigint>((all, bit) => all | (bit ?? 0n), 0n);
}
