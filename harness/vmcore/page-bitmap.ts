// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { PAGE_SIZE } from '../memory/pfn.ts';
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import type { ByteSource } from './byte-source.ts';

/** A bit for each page, the lowest of a byte first, where it lies in a dump. */
export interface BitmapExtent {
  readonly offset: number;
  /** Pages, and so bits; those behind them do not count. */
  readonly pages: number;
}

/** A bitmap that can be asked for one page of billions. */
export interface PageBitmap {
  has(page: number): boolean;
  /** How many pages below `page` it has. */
  rank(page: number): number;
}

/** Pages, and bytes, of a block: how many pages are set before each is counted once. */
const BLOCK_PAGES = 4096;
const BLOCK_BYTES = BLOCK_PAGES / 8;

/** Bytes of a bitmap that are read at once to count or to list. */
const STRIDE_BYTES = 65_536;

/** Runs of pages: the memory of a machine is in some dozen pieces. */
const MAX_RUNS = 65_536;

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) =>
  [0, 1, 2, 3, 4, 5, 6, 7].reduce((bits, bit) => bits + ((byte >> bit) & 1), 0),
);

/** Counts a bitmap through, once; after that, what is asked reads one block of it. */
export function pageBitmap(source: ByteSource, extent: BitmapExtent): PageBitmap {
  const before = countBlocks(source, extent);
  const block = (index: number): Uint8Array => {
    const from = index * BLOCK_BYTES;
    return source.read(
      extent.offset + from,
      Math.min(BLOCK_BYTES, Math.ceil(extent.pages / 8) - from),
    );
  };
  return {
    has: (page) => {
      if (page >= extent.pages) return false;
      const inBlock = page % BLOCK_PAGES;
      const byte = block(Math.floor(page / BLOCK_PAGES))[inBlock >> 3] ?? 0;
      return ((byte >> (inBlock & 7)) & 1) === 1;
    },
    rank: (page) => {
      const index = Math.floor(page / BLOCK_PAGES);
      const inBlock = page % BLOCK_PAGES;
      const ahead = before[index] ?? 0;
      if (inBlock === 0) return ahead;
      const bytes = block(index);
      const last = (bytes[inBlock >> 3] ?? 0) & ((1 << (inBlock & 7)) - 1);
      return ahead + countBits(bytes.subarray(0, inBlock >> 3)) + (BITS_OF_BYTE[last] ?? 0);
    },
  };
}

/** Lists the pages that a bitmap has, as runs of memory. Throws `FormatError` if there are more than any machine has. */
export function bitmapRanges(source: ByteSource, extent: BitmapExtent): PhysRange[] {
  const ranges: PhysRange[] = [];
  let start: number | undefined;
  for (const page of changes(source, extent)) {
    if (start === undefined) {
      start = page;
      continue;
    }
    if (ranges.length === MAX_RUNS) {
      throw new FormatError(`Cannot read the bitmap: at most ${MAX_RUNS} runs of pages wanted`);
    }
    ranges.push(physRange(start * PAGE_SIZE, page * PAGE_SIZE));
    start = undefined;
  }
  return ranges;
}

/** The pages that are set where the one before is not, and the other way round, in turn. */
function* changes(source: ByteSource, extent: BitmapExtent): Generator<number> {
  let isSet = 0;
  let page = 0;
  for (const bytes of strides(source, extent)) {
    for (const byte of bytes) {
      // Most bytes are as the bit before them.
      if (byte !== (isSet ? 0xff : 0)) {
        const end = Math.min(page + 8, extent.pages);
        isSet = yield* changesInByte(byte, isSet, [page, end]);
      }
      page += 8;
    }
  }
  if (isSet) yield extent.pages;
}

/** Returns the last of the bits. */
function* changesInByte(
  byte: number,
  before: number,
  [page, end]: readonly [number, number],
): Generator<number, number> {
  let isSet = before;
  for (let bit = 0; page + bit < end; bit += 1) {
    if (((byte >> bit) & 1) === isSet) continue;
    isSet ^= 1;
    yield page + bit;
  }
  return isSet;
}

function countBlocks(source: ByteSource, extent: BitmapExtent): Uint32Array {
  const before = new Uint32Array(Math.ceil(extent.pages / BLOCK_PAGES) + 1);
  let [index, total] = [0, 0];
  for (const bytes of strides(source, extent)) {
    for (let from = 0; from < bytes.length; from += BLOCK_BYTES) {
      before[index] = total;
      index += 1;
      total += countBits(bytes.subarray(from, from + BLOCK_BYTES));
    }
  }
  before[index] = total;
  return before;
}

function countBits(bytes: Uint8Array): number {
  let bits = 0;
  for (const byte of bytes) bits += BITS_OF_BYTE[byte] ?? 0;
  return bits;
}

function* strides(source: ByteSource, { offset, pages }: BitmapExtent): Generator<Uint8Array> {
  const end = offset + Math.ceil(pages / 8);
  for (let at = offset; at < end; at += STRIDE_BYTES) {
    yield source.read(at, Math.min(STRIDE_BYTES, end - at));
  }
}
