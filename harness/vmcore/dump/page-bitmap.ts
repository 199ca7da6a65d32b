// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import type { ByteSource } from './byte-source.ts';

/** A bitmap in a dump: a bit for each page, the lowest of a byte first. */
export interface BitmapExtent {
  readonly offset: number;
  /** Pages, and so bits; any beyond these do not count. */
  readonly pages: number;
}

/** A bitmap of up to billions of pages. */
export interface PageBitmap {
  has(page: number): boolean;
  /** How many pages below `page` are set. */
  rank(page: number): number;
}

/** Pages, bytes and words of a block; the pages set before each block are counted once. */
const BLOCK_PAGES = 4096;
const BLOCK_BYTES = BLOCK_PAGES / 8;
const BLOCK_WORDS = BLOCK_PAGES / 32;

/** Bytes read at once to count or list pages. */
const STRIDE_BYTES = 65_536;

/** Runs of pages, at most: the memory of a machine has some dozen. */
const MAX_RUNS = 65_536;

/** Opens a bitmap. A question reads one block; the first `rank()` reads them all to count. */
export function pageBitmap(source: ByteSource, extent: BitmapExtent): PageBitmap {
  let counted: Uint32Array | undefined;
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
      counted ??= countBlocks(source, extent);
      const ahead = counted[index] ?? 0;
      if (inBlock === 0) return ahead;
      const words = wordsOf(block(index).subarray(0, (inBlock >> 3) + 1));
      const last = inBlock >> 5;
      const below = (words[last] ?? 0) & (2 ** (inBlock & 31) - 1);
      return ahead + countBits(words, 0, last) + bitsOf(below);
    },
  };
}

/** The set pages as runs of memory. Throws `FormatError` for more runs than a machine can have. */
export function bitmapRanges(source: ByteSource, extent: BitmapExtent): PhysRange[] {
  const ranges: PhysRange[] = [];
  let start: number | undefined;
  for (const page of changes(source, extent)) {
    if (start === undefined) {
      start = page;
      continue;
    }
    if (ranges.length === MAX_RUNS) {
      throw new FormatError(
        `Cannot read the bitmap: expected at most ${MAX_RUNS} runs of pages, found more`,
      );
    }
    ranges.push(physRange(start * PAGE_SIZE, page * PAGE_SIZE));
    start = undefined;
  }
  return ranges;
}

/** The pages where the bit changes: the start and end of each run in turn. */
function* changes(source: ByteSource, extent: BitmapExtent): Generator<number> {
  let isSet = 0;
  let page = 0;
  for (const words of strides(source, extent)) {
    for (const word of words) {
      // Most words repeat the bit before them.
      if (word !== (isSet ? 0xffff_ffff : 0)) {
        const end = Math.min(page + 32, extent.pages);
        isSet = yield* changesInWord(word, isSet, [page, end]);
      }
      page += 32;
    }
  }
  if (isSet) yield extent.pages;
}

/** Returns the last bit. */
function* changesInWord(
  word: number,
  before: number,
  [page, end]: readonly [number, number],
): Generator<number, number> {
  let isSet = before;
  for (let bit = 0; page + bit < end; bit += 1) {
    if (((word >>> bit) & 1) === isSet) continue;
    isSet ^= 1;
    yield page + bit;
  }
  return isSet;
}

function countBlocks(source: ByteSource, extent: BitmapExtent): Uint32Array {
  const before = new Uint32Array(Math.ceil(extent.pages / BLOCK_PAGES) + 1);
  let [index, total] = [0, 0];
  for (const words of strides(source, extent)) {
    for (let at = 0; at < words.length; at += BLOCK_WORDS) {
      before[index] = total;
      index += 1;
      total += countBits(words, at, Math.min(at + BLOCK_WORDS, words.length));
    }
  }
  before[index] = total;
  return before;
}

function countBits(words: Uint32Array, from: number, to: number): number {
  let bits = 0;
  for (let at = from; at < to; at += 1) bits += bitsOf(words[at] ?? 0);
  return bits;
}

/** Counts the bits of a word by twos, fours and eights (H. Warren, "Hacker's Delight", 5-1). */
function bitsOf(word: number): number {
  const twos = word - ((word >>> 1) & 0x5555_5555);
  const fours = (twos & 0x3333_3333) + ((twos >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** The bitmap in pieces of whole blocks, the last padded with zeroes. */
function* strides(source: ByteSource, { offset, pages }: BitmapExtent): Generator<Uint32Array> {
  const end = offset + Math.ceil(pages / 8);
  for (let at = offset; at < end; at += STRIDE_BYTES) {
    yield wordsOf(source.read(at, Math.min(STRIDE_BYTES, end - at)));
  }
}

/** Little-endian, like every host that runs this. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const aligned = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  aligned.set(bytes);
  return new Uint32Array(aligned.buffer);
}
