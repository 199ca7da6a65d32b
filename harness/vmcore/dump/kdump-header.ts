// SPDX-License-Identifier: MIT
/** The headers of the kdump-compressed format (makedumpfile's diskdump_mod.h, IMPLEMENTATION). */
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type Extent, checkExtent, readExactly } from './bounded-read.ts';
import { ByteReader, cString } from './byte-reader.ts';
import type { ByteSource } from './byte-source.ts';

/** The headers of a kdump-compressed dump; offsets and sizes in bytes. */
export interface KdumpHeader {
  /** Whether makedumpfile ran out of room (`DUMP_DH_COMPRESSED_INCOMPLETE`). */
  readonly incomplete: boolean;
  /** What makedumpfile left out (`-d`); 1 in QEMU's dumps. */
  readonly dumpLevel: number;
  /** The kernel's `phys_base`, as far as the maker of the dump knew it: else 0. */
  readonly physBase: number;
  /** All page frame numbers are below this. */
  readonly pages: number;
  /** The pages in this file of a split dump. */
  readonly split: { readonly first: number; readonly end: number } | null;
  /** Offsets of the bitmap of memory, and of the bitmap of pages in the dump. */
  readonly memoryBitmap: number;
  readonly dumpedBitmap: number;
  /** Offset of the first page's `struct page_desc`. */
  readonly descriptors: number;
  /** The text, without the header of its note. */
  readonly vmcoreinfo: Extent | null;
  readonly notes: Extent | null;
}

/** The first bytes of a dump. */
const KDUMP_SIGNATURE = 'KDUMP   ';

const HEADER_VERSION = 6;
/** Bytes of a name in `struct new_utsname`; `machine` is the fifth. */
const UTSNAME_BYTES = 65;
const DUMP_DH_COMPRESSED_INCOMPLETE = 0x8;
/** The main header fills a block, the sub header starts the next (`DISKDUMP_HEADER_BLOCKS`). */
const SUB_HEADER_OFFSET = PAGE_SIZE;

/** `sizeof(struct disk_dump_header)` and `sizeof(struct kdump_sub_header)` on x86-64. */
const DISK_DUMP_HEADER_BYTES = 464;
const SUB_HEADER_BYTES = 104;

/** Pages of 16 TiB, more than most machines have; bitmaps of that size are read in seconds. */
const MAX_PAGES = 2 ** 32 - 1;

/** Whether the bytes begin a kdump-compressed dump. */
export function isKdump(head: Uint8Array): boolean {
  return cString(head.subarray(0, KDUMP_SIGNATURE.length)) === KDUMP_SIGNATURE;
}

/** Reads the headers. Throws `FormatError`; `UnsupportedFormatError` for another architecture. */
export function readKdumpHeader(source: ByteSource): KdumpHeader {
  const main = readMainHeader(source);
  const sub = readSubHeader(source, main.header_version);
  const bitmaps = SUB_HEADER_OFFSET + main.sub_hdr_size * PAGE_SIZE;
  const bitmapBytes = (main.bitmap_blocks * PAGE_SIZE) / 2;
  const pages = main.header_version < 6 ? main.max_mapnr : sub.max_mapnr_64;
  checkBitmaps(source, { pages, offset: bitmaps, bytes: bitmapBytes });
  return {
    incomplete: (main.status & DUMP_DH_COMPRESSED_INCOMPLETE) !== 0,
    dumpLevel: sub.dump_level,
    physBase: sub.phys_base,
    pages,
    split: splitOf(main.header_version, sub),
    memoryBitmap: bitmaps,
    dumpedBitmap: bitmaps + bitmapBytes,
    descriptors: bitmaps + 2 * bitmapBytes,
    vmcoreinfo: findExtent(sub.offset_vmcoreinfo, sub.size_vmcoreinfo),
    notes: findExtent(sub.offset_note, sub.size_note),
  };
}

interface MainHeader {
  readonly header_version: number;
  readonly status: number;
  readonly sub_hdr_size: number;
  readonly bitmap_blocks: number;
  readonly max_mapnr: number;
}

function readMainHeader(source: ByteSource): MainHeader {
  const what = 'struct disk_dump_header';
  const bytes = readExactly(source, what, { offset: 0, bytes: DISK_DUMP_HEADER_BYTES });
  const reader = new ByteReader(bytes, what);
  reader.skip(KDUMP_SIGNATURE.length);
  const header_version = reader.i32();
  reader.skip(4 * UTSNAME_BYTES);
  checkMachine(header_version, cString(reader.bytes(UTSNAME_BYTES)));
  // `domainname`, padding, and a `struct timeval` of two longs.
  reader.skip(UTSNAME_BYTES + 6 + 16);
  const status = reader.u32();
  const block_size = reader.i32();
  const sub_hdr_size = reader.i32();
  if (block_size !== PAGE_SIZE || sub_hdr_size < 1) {
    throw new FormatError(
      `Cannot read ${what}: expected blocks of ${PAGE_SIZE} bytes and a sub header, found ` +
        `block_size ${block_size}, sub_hdr_size ${sub_hdr_size}`,
    );
  }
  return {
    header_version,
    status,
    sub_hdr_size,
    bitmap_blocks: reader.u32(),
    max_mapnr: reader.u32(),
  };
}

function checkMachine(version: number, machine: string): void {
  const isBig = !isVersion(version) && isVersion(swapped(version));
  if (!isBig && !isVersion(version)) {
    throw new UnsupportedFormatError(
      'Cannot read this kdump-compressed dump: ' +
        `expected a header version up to ${HEADER_VERSION}, found ${version}`,
    );
  }
  // It is empty if makedumpfile could not tell.
  const isForeign = machine !== '' && machine !== 'x86_64';
  if (!isBig && !isForeign) return;
  const found = [
    ...(isBig ? ['a big-endian one'] : []),
    ...(isForeign ? [`one of "${printableText(machine)}"`] : []),
  ];
  throw new UnsupportedFormatError(
    'Cannot read this kdump-compressed dump: expected one of x86_64, ' +
      `found ${found.join(', ')}`,
  );
}

/** The same four bytes in the other order. */
function swapped(value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes.readInt32BE();
}

function isVersion(version: number): boolean {
  return version >= 0 && version <= HEADER_VERSION;
}

interface SubHeader {
  readonly phys_base: number;
  readonly dump_level: number;
  readonly split: number;
  readonly start_pfn: number;
  readonly end_pfn: number;
  readonly offset_vmcoreinfo: number;
  readonly size_vmcoreinfo: number;
  readonly offset_note: number;
  readonly size_note: number;
  readonly start_pfn_64: number;
  readonly end_pfn_64: number;
  readonly max_mapnr_64: number;
}

/** Reads the sub header; a field that this header version does not have is 0. */
function readSubHeader(source: ByteSource, version: number): SubHeader {
  const what = 'struct kdump_sub_header';
  const extent = { offset: SUB_HEADER_OFFSET, bytes: SUB_HEADER_BYTES };
  const reader = new ByteReader(readExactly(source, what, extent), what, SUB_HEADER_OFFSET);
  const size = (since: number): number => {
    if (version >= since) return reader.size();
    reader.skip(8);
    return 0;
  };
  const int = (since: number): number => {
    const value = reader.i32();
    return version >= since ? value : 0;
  };
  const phys_base = Number(BigInt.asIntN(64, reader.u64()));
  const [dump_level, split] = [int(1), int(2)];
  const [start_pfn, end_pfn] = [size(2), size(2)];
  const [offset_vmcoreinfo, size_vmcoreinfo] = [size(3), size(3)];
  const [offset_note, size_note] = [size(4), size(4)];
  // `offset_eraseinfo` and `size_eraseinfo`.
  reader.skip(16);
  return {
    phys_base,
    dump_level,
    split,
    start_pfn,
    end_pfn,
    offset_vmcoreinfo,
    size_vmcoreinfo,
    offset_note,
    size_note,
    start_pfn_64: size(6),
    end_pfn_64: size(6),
    max_mapnr_64: size(6),
  };
}

function splitOf(version: number, sub: SubHeader): KdumpHeader['split'] {
  if (sub.split === 0) return null;
  return version < 6
    ? { first: sub.start_pfn, end: sub.end_pfn }
    : { first: sub.start_pfn_64, end: sub.end_pfn_64 };
}

function checkBitmaps(
  source: ByteSource,
  { pages, offset, bytes }: Extent & { readonly pages: number },
): void {
  if (pages > MAX_PAGES || pages > bytes * 8) {
    throw new FormatError(
      `Cannot read the bitmaps: expected at most ${MAX_PAGES} pages and a bit for each, ` +
        `found ${pages} pages and ${bytes * 8} bits`,
    );
  }
  checkExtent(source, 'the bitmaps', { offset, bytes: 2 * bytes });
}

function findExtent(offset: number, bytes: number): Extent | null {
  return offset > 0 && bytes > 0 ? { offset, bytes } : null;
}
