// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE, type PhysAddr, hex } from '../../memory/pfn.ts';
import { checkReadLength, missingPage, readExactly } from './bounded-read.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteSource } from './byte-source.ts';
import { type Compression, decompress } from './decompress.ts';
import type { KdumpHeader } from './kdump-header.ts';
import { LruMap } from './lru-map.ts';
import { type PageBitmap, bitmapRanges, pageBitmap } from './page-bitmap.ts';
import type { PhysicalMemory } from './physical-memory.ts';

/** Bytes of a `struct page_desc`: offset, size and compression of a page. */
const PAGE_DESC_BYTES = 24;

/** `flags` of a `struct page_desc`: a `DUMP_DH_COMPRESSED_*`. */
const COMPRESSIONS: ReadonlyMap<number, Compression | 'none'> = new Map([
  [0, 'none'],
  [0x1, 'zlib'],
  [0x2, 'lzo'],
  [0x4, 'snappy'],
  [0x20, 'zstd'],
]);

/** Decompressed pages that are cached: 8 MiB. */
const CACHED_PAGES = 2048;

/** What it takes to read a page. */
interface Dump {
  readonly source: ByteSource;
  readonly header: KdumpHeader;
  readonly memory: PageBitmap;
  readonly dumped: PageBitmap;
  /** Dumped pages that are in earlier files of a split dump. */
  readonly before: number;
}

/**
 * The physical memory in a kdump-compressed dump. Do not write to what it gives: pages are cached.
 * Throws `FormatError`.
 */
export function kdumpMemory(source: ByteSource, header: KdumpHeader): PhysicalMemory {
  const { pages, split } = header;
  const memory = { offset: header.memoryBitmap, pages };
  const dumped = pageBitmap(source, { offset: header.dumpedBitmap, pages });
  const dump: Dump = {
    source,
    header,
    dumped,
    memory: pageBitmap(source, memory),
    before: split ? dumped.rank(Math.min(split.first, pages)) : 0,
  };
  const cache = new LruMap<Uint8Array>(CACHED_PAGES);
  const page = (index: number): Uint8Array => cache.get(index, (key) => readPage(dump, key));
  return {
    ranges: bitmapRanges(source, memory),
    has: (index) => dumped.has(index) && !isElsewhere(dump, index),
    read: (start, length) => readPages(page, start, length),
  };
}

/** Where a complete file ends: after its last page, or its descriptor if that is cut off. */
export function kdumpEnd(source: ByteSource, header: KdumpHeader): number {
  const { pages, split, descriptors, incomplete } = header;
  const dumped = pageBitmap(source, { offset: header.dumpedBitmap, pages });
  const count = split
    ? dumped.rank(Math.min(split.end, pages)) - dumped.rank(Math.min(split.first, pages))
    : dumped.rank(pages);
  const end = descriptors + Math.max(0, count) * PAGE_DESC_BYTES;
  if (count <= 0 || incomplete || end > source.size) return incomplete ? 0 : end;
  const { offset, size } = readDescriptor(source, end - PAGE_DESC_BYTES);
  return offset + size;
}

function readPages(
  page: (index: number) => Uint8Array,
  start: PhysAddr,
  length: number,
): Uint8Array {
  checkReadLength(start, length);
  const inPage = start % PAGE_SIZE;
  const first = (start - inPage) / PAGE_SIZE;
  if (length === 0) return new Uint8Array();
  if (inPage + length <= PAGE_SIZE) return page(first).subarray(inPage, inPage + length);
  const parts: Uint8Array[] = [];
  for (let index = first; index * PAGE_SIZE < start + length; index += 1) parts.push(page(index));
  return Buffer.concat(parts).subarray(inPage, inPage + length);
}

function readPage(dump: Dump, page: number): Uint8Array {
  requireDumped(dump, page);
  const { source, header } = dump;
  const offset = header.descriptors + (dump.dumped.rank(page) - dump.before) * PAGE_DESC_BYTES;
  const desc = readDescriptor(source, offset);
  if (header.incomplete && desc.offset === 0) {
    throw missingPage(page * PAGE_SIZE, 'the dump is incomplete and ends before it');
  }
  const compression = COMPRESSIONS.get(desc.flags);
  if (compression === undefined || !fits(desc.size, compression)) {
    throw new FormatError(
      `Cannot read struct page_desc at ${hex(offset)}: expected at most ${PAGE_SIZE} bytes and a ` +
        `known compression, found size ${desc.size}, flags ${hex(desc.flags)}`,
    );
  }
  const what = `page ${hex(page * PAGE_SIZE)}`;
  const data = readExactly(source, what, { offset: desc.offset, bytes: desc.size });
  return compression === 'none' ? data : decompressPage(compression, data, what);
}

/** Reads a `struct page_desc`. */
function readDescriptor(
  source: ByteSource,
  offset: number,
): { readonly offset: number; readonly size: number; readonly flags: number } {
  const bytes = readExactly(source, 'struct page_desc', { offset, bytes: PAGE_DESC_BYTES });
  const reader = new ByteReader(bytes, 'struct page_desc', offset);
  return { offset: reader.size(), size: reader.u32(), flags: reader.u32() };
}

function fits(bytes: number, compression: Compression | 'none'): boolean {
  return compression === 'none' ? bytes === PAGE_SIZE : bytes <= PAGE_SIZE;
}

/** Whether the page is in another file of a split dump. */
function isElsewhere({ header: { split } }: Dump, page: number): boolean {
  return split !== null && (page < split.first || page >= split.end);
}

/** Throws `MissingPageError`, with the reason, if the dump does not have this page. */
function requireDumped(dump: Dump, page: number): void {
  const { header, memory, dumped } = dump;
  const { split, dumpLevel } = header;
  const paddr = page * PAGE_SIZE;
  if (split && isElsewhere(dump, page)) {
    const [first, end] = [hex(split.first * PAGE_SIZE), hex(split.end * PAGE_SIZE)];
    throw missingPage(paddr, `the dump is split, and this file covers ${first} to ${end}`);
  }
  if (dumped.has(page)) return;
  const why = memory.has(page)
    ? `it was filtered out when the dump was made (dump level ${dumpLevel})`
    : 'the machine has no memory there';
  throw missingPage(paddr, why);
}

function decompressPage(compression: Compression, data: Uint8Array, what: string): Uint8Array {
  try {
    return decompress(compression, data, PAGE_SIZE);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new FormatError(`Cannot read ${what}: ${error.message}`, { cause: error });
  }
}
