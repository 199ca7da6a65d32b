// SPDX-License-Identifier: MIT
import { deflateSync } from 'node:zlib';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { type NoteSpec, noteBytes } from './vmcore-builder.ts';

/** A page of a kdump-compressed dump, as it is in the file. */
export interface DumpedPage {
  readonly pfn: number;
  readonly flags: number;
  readonly data: Uint8Array;
  /** Offset and size in its descriptor, if not those of the data. */
  readonly offset?: bigint;
  readonly size?: number;
}

/** A kdump-compressed dump; fields left out are as makedumpfile writes them. */
export interface KdumpSpec {
  readonly pages: readonly DumpedPage[];
  /** Pages of memory that were filtered out. */
  readonly filtered?: readonly number[];
  readonly maxMapnr?: bigint;
  readonly version?: number;
  readonly machine?: string;
  readonly status?: number;
  readonly blockSize?: number;
  readonly subHeaderBlocks?: number;
  readonly bitmapBlocks?: number;
  readonly physBase?: number;
  readonly split?: { readonly first: number; readonly end: number };
  readonly notes?: readonly NoteSpec[];
  readonly vmcoreinfo?: string;
}

/** An uncompressed page. */
export function rawPage(pfn: number, data: Uint8Array): DumpedPage {
  return { pfn, flags: 0, data };
}

/** A page compressed with zlib. */
export function zlibPage(pfn: number, data: Uint8Array): DumpedPage {
  return { pfn, flags: 1, data: deflateSync(data) };
}

/** A bitmap has one block, 32768 bits, enough for the pages of a test. */
const BITMAP_BLOCKS = 2;
const BITMAPS = 2 * PAGE_SIZE;
const DESCRIPTORS = BITMAPS + BITMAP_BLOCKS * PAGE_SIZE;
const DESC_BYTES = 24;

/** Builds the dump: main header, sub header, two bitmaps, descriptors, notes, VMCOREINFO, pages. */
export function kdumpBytes(spec: KdumpSpec): Uint8Array {
  const pages = spec.pages.toSorted((a, b) => a.pfn - b.pfn);
  const pfns = pages.map(({ pfn }) => pfn);
  const notes = Buffer.concat((spec.notes ?? []).map(noteBytes));
  const vmcoreinfo = Buffer.from(spec.vmcoreinfo ?? '', 'latin1');
  const noteOffset = DESCRIPTORS + pages.length * DESC_BYTES;
  const vmcoreinfoOffset = noteOffset + notes.length;
  return Buffer.concat([
    mainHeader(spec),
    subHeader(spec, [vmcoreinfoOffset, vmcoreinfo.length, noteOffset, notes.length]),
    bitmap([...pfns, ...(spec.filtered ?? [])]),
    bitmap(pfns),
    descriptors(pages, vmcoreinfoOffset + vmcoreinfo.length),
    notes,
    vmcoreinfo,
    ...pages.map(({ data }) => data),
  ]);
}

function maxMapnr({ pages, filtered = [], maxMapnr: given }: KdumpSpec): bigint {
  return given ?? BigInt(Math.max(0, ...pages.map(({ pfn }) => pfn), ...filtered) + 1);
}

/** `struct disk_dump_header` */
function mainHeader(spec: KdumpSpec): Uint8Array {
  const header = Buffer.alloc(PAGE_SIZE);
  header.write('KDUMP   ', 0, 'latin1');
  header.writeInt32LE(spec.version ?? 6, 8);
  header.write(spec.machine ?? 'x86_64', 12 + 4 * 65, 'latin1');
  header.writeUInt32LE(spec.status ?? 1, 424);
  header.writeInt32LE(spec.blockSize ?? PAGE_SIZE, 428);
  header.writeInt32LE(spec.subHeaderBlocks ?? 1, 432);
  header.writeUInt32LE(spec.bitmapBlocks ?? BITMAP_BLOCKS, 436);
  header.writeUInt32LE(Number(BigInt.asUintN(32, maxMapnr(spec))), 440);
  return header;
}

/** `struct kdump_sub_header` */
function subHeader(spec: KdumpSpec, extents: readonly number[]): Uint8Array {
  const header = Buffer.alloc(PAGE_SIZE);
  const { first = 0, end = 0 } = spec.split ?? {};
  header.writeBigInt64LE(BigInt(spec.physBase ?? 0), 0);
  header.writeInt32LE(31, 8);
  header.writeInt32LE(spec.split ? 1 : 0, 12);
  header.writeBigUInt64LE(BigInt(first), 16);
  header.writeBigUInt64LE(BigInt(end), 24);
  for (const [index, word] of extents.entries()) {
    header.writeBigUInt64LE(BigInt(word), 32 + index * 8);
  }
  header.writeBigUInt64LE(BigInt(first), 80);
  header.writeBigUInt64LE(BigInt(end), 88);
  header.writeBigUInt64LE(maxMapnr(spec), 96);
  return header;
}

function bitmap(pfns: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc((BITMAP_BLOCKS * PAGE_SIZE) / 2);
  for (const pfn of pfns) bytes[pfn >> 3] = (bytes[pfn >> 3] ?? 0) | (1 << (pfn & 7));
  return bytes;
}

function descriptors(pages: readonly DumpedPage[], firstOffset: number): Uint8Array {
  const table = Buffer.alloc(pages.length * DESC_BYTES);
  let offset = firstOffset;
  for (const [index, page] of pages.entries()) {
    const at = index * DESC_BYTES;
    table.writeBigUInt64LE(page.offset ?? BigInt(offset), at);
    table.writeUInt32LE(page.size ?? page.data.length, at + 8);
    table.writeUInt32LE(page.flags, at + 12);
    offset += page.data.length;
  }
  return table;
}
