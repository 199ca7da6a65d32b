// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { covers, physRange } from '../../memory/phys-range.ts';
import { bytesSource } from './byte-source.ts';
import { bitmapRanges, pageBitmap } from './page-bitmap.ts';

/** More pages than a block has, and not a multiple of eight. */
const PAGES = 9001;
const OFFSET = 5;

function bitmapOf(pages: readonly number[]): Buffer {
  // Bits after the last page must not count.
  const bytes = Buffer.alloc(OFFSET + Math.ceil(PAGES / 8) + 10);
  for (const page of [...pages, PAGES, PAGES + 1]) {
    const at = OFFSET + (page >> 3);
    bytes[at] = (bytes[at] ?? 0) | (1 << (page & 7));
  }
  return bytes;
}

/** Runs of pages that fill whole bytes and whole blocks, set and clear. */
const runs = fc
  .array(fc.tuple(fc.nat(PAGES - 1), fc.nat(5000)), { maxLength: 4 })
  .map((pairs) =>
    pairs.flatMap(([start, size]) =>
      Array.from({ length: Math.min(size, PAGES - start) }, (_, index) => start + index),
    ),
  );

describe('a bitmap of pages', () => {
  it('knows its pages and counts those below each', () => {
    fc.assert(
      fc.property(runs, fc.array(fc.nat(PAGES + 20), { maxLength: 20 }), (pages, asked) => {
        const set = new Set(pages);
        const bitmap = pageBitmap(bytesSource(bitmapOf(pages)), { offset: OFFSET, pages: PAGES });
        expect(asked.map((page) => bitmap.has(page))).toEqual(asked.map((page) => set.has(page)));
        const inside = asked.filter((page) => page <= PAGES);
        expect(inside.map((page) => bitmap.rank(page))).toEqual(
          inside.map((page) => [...set].filter((other) => other < page).length),
        );
      }),
    );
  });

  it('lists its pages as ascending, disjoint ranges', () => {
    fc.assert(
      fc.property(runs, (pages) => {
        const source = bytesSource(bitmapOf(pages));
        const ranges = bitmapRanges(source, { offset: OFFSET, pages: PAGES });
        const total = ranges.reduce((bytes, { start, end }) => bytes + end - start, 0);
        expect(total).toBe(new Set(pages).size * PAGE_SIZE);
        const pageRange = (page: number) => physRange(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
        expect(pages.every((page) => covers(ranges, pageRange(page)))).toBe(true);
        expect(ranges.every(({ start }, at) => start > (ranges[at - 1]?.end ?? -1))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses to list more runs than any machine has', () => {
    const source = bytesSource(new Uint8Array(20_000).fill(0x55));
    expect(() => bitmapRanges(source, { offset: 0, pages: 160_000 })).toThrow(
      new FormatError('Cannot read the bitmap: expected at most 65536 runs of pages, found more'),
    );
  });
});
