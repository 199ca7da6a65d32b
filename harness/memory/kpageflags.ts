// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { LOW_PAGES } from './pfn.ts';

/**
 * What `/proc/kpageflags` says about a page: `reserved` for good, `free` in the buddy allocator,
 * `absent` (no struct page), or `used`: given to the buddy allocator and taken from it, if only to a
 * per-CPU list.
 */
export type PageClass = 'reserved' | 'absent' | 'free' | 'used';

/** The bits that decide; the first one set wins (include/linux/kernel-page-flags.h). */
const CLASS_BITS: readonly (readonly [bit: bigint, PageClass])[] = [
  [32n, 'reserved'], // KPF_RESERVED
  [20n, 'absent'], // KPF_NOPAGE
  [10n, 'free'], // KPF_BUDDY
];

/** Bytes of the flags of a page: a u64. */
const ENTRY_BYTES = 8;

/** Reads the first 256 entries of `/proc/kpageflags`. Throws `FormatError` for any other number of them. */
export function readPageClasses(bytes: Uint8Array): PageClass[] {
  const expected = LOW_PAGES * ENTRY_BYTES;
  if (bytes.length !== expected) {
    throw new FormatError(
      `Cannot read kpageflags: expected ${expected} bytes, found ${bytes.length}`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: LOW_PAGES }, (_, page) =>
    classOf(view.getBigUint64(page * ENTRY_BYTES, true)),
  );
}

function classOf(flags: bigint): PageClass {
  return CLASS_BITS.find(([bit]) => (flags >> bit) & 1n)?.[1] ?? 'used';
}
