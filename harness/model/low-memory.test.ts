// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../memory/phys-range.ts';
import { initialLowMemory, pagesOwnedBy, transfer, unreserve } from './low-memory.ts';
import { ram } from './testing/machine-builder.ts';
import { findFreeRange, reserve } from './memblock.ts';

describe('low memory', () => {
  const event = { step: 'x', why: 'y' };
  const start = initialLowMemory([ram(0x1000, 0x3000)]);

  it('is given to another only by its owner', () => {
    const page = pagesOwnedBy(start, 'free');
    expect(page).toEqual([1, 2]);
    const same = transfer(start, page, { event: { ...event, owner: 'lock' }, from: 'pool' });
    expect(same.pages).toEqual(start.pages);
  });

  it('is free again only where it is RAM', () => {
    const all = physRange(0, 0x100000);
    const trimmed = {
      ...start,
      pages: start.pages.with(0, { owner: 'page0', history: [] }),
    } as const;
    const taken = reserve(trimmed, all, { ...event, owner: 'kernel' });
    const after = unreserve(taken, all, event);
    expect(pagesOwnedBy(after, 'free')).toEqual([1, 2]);
    expect(pagesOwnedBy(after, 'page0')).toEqual([0]);
    expect(after.reserved).toEqual([]);
  });

  it('is searched without page 0', () => {
    const trimmed = {
      ...initialLowMemory([ram(0, 0x3000)]),
      bottomUp: true,
      pages: start.pages.with(0, { owner: 'page0', history: [] }),
    } as const;
    const found = findFreeRange(trimmed, { size: 0x1000, align: 0x1000 });
    expect(found).toEqual(physRange(0x1000, 0x2000));
  });

  it('is searched from below for the first gap that is wide enough', () => {
    const low = initialLowMemory([ram(0x1000, 0x3000), ram(0x4000, 0x9000)]);
    const gaps = { ...low, bottomUp: true };
    const found = findFreeRange(gaps, { size: 0x3000, align: 0x1000 });
    expect(found).toEqual(physRange(0x4000, 0x7000));
  });
});
