// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowPages, pageRange, pagesOfRun, renderPages } from './page-map.ts';
import { LOW_PAGES, SZ_1M, pfn } from './pfn.ts';
import { intersects, physRange } from './phys-range.ts';

describe('pages below 1 MiB', () => {
  it.each([
    { range: physRange(0, SZ_1M), pages: ['0x0-0xff'] },
    { range: physRange(0x1000, 0x2000), pages: ['0x1'] },
    { range: physRange(0x1fff, 0x2001), pages: ['0x1-0x2'] },
    { range: physRange(0xff000, 0x4000_0000), pages: ['0xff'] },
    { range: physRange(SZ_1M, 2 * SZ_1M), pages: [] },
    { range: physRange(0x8001, 0x8001), pages: [] },
  ])('of $range are $pages', ({ range, pages }) => {
    expect(renderPages(lowPages(range))).toEqual(pages);
  });

  it('are those that share a byte with the range', () => {
    fc.assert(
      fc.property(fc.nat(2 * SZ_1M), fc.integer({ min: 1, max: SZ_1M }), (start, size) => {
        const range = physRange(start, start + size);
        const touched = lowPages(physRange(0, SZ_1M)).filter((page) =>
          intersects(pageRange(page), range),
        );
        expect(lowPages(range)).toEqual(touched);
      }),
    );
  });

  it('are read back from the runs they are printed as', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(LOW_PAGES - 1)), (numbers) => {
        const pages = numbers.toSorted((a, b) => a - b).map(pfn);
        expect(renderPages(pages).flatMap(pagesOfRun)).toEqual(pages);
      }),
    );
  });
});
