// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { STOCK, STOCK_5_10, ram, taken } from './testing/machine-builder.ts';
import { predict } from './prediction.ts';

describe('the model', () => {
  it.each([
    { cmdline: 'crashkernel=', locked: true },
    { cmdline: 'crashkernel=nonsense', locked: true },
    { cmdline: 'crashkernel', locked: false },
    { cmdline: 'nocrashkernel=1', locked: false },
  ])('locks for any value of crashkernel=: "$cmdline"', ({ cmdline, locked }) => {
    const { pages } = predict({ ...STOCK_5_10, cmdline }, 'lock-on-crashkernel');
    expect(pages.some(({ owner }) => owner === 'lock')).toBe(locked);
  });

  it.each([
    { cmdline: 'reservelow=4K', end: 0x0 },
    { cmdline: 'reservelow=0', end: 0x0 },
    { cmdline: 'reservelow=nonsense', end: 0x0 },
    { cmdline: 'reservelow', end: 0xf },
    { cmdline: 'reservelow=5000', end: 0x1 },
    { cmdline: 'reservelow=128K', end: 0x1f },
    { cmdline: 'reservelow=1G', end: 0x98 },
  ])('reserves the first pages as "$cmdline" asks', ({ cmdline, end }) => {
    const { pages } = predict({ ...STOCK_5_10, cmdline }, 'lock-on-crashkernel');
    expect(pages.findIndex(({ owner }) => owner === 'free')).toBe(end === 0x98 ? -1 : end + 1);
  });

  it.each([
    { baseMemoryKiB: 0, ebdaSegment: 0, start: 0x9f },
    { baseMemoryKiB: 639, ebdaSegment: 0, start: 0x9f },
    { baseMemoryKiB: 630, ebdaSegment: 0, start: 0x9d },
    { baseMemoryKiB: 700, ebdaSegment: 0, start: 0x9f },
    { baseMemoryKiB: 127, ebdaSegment: 0, start: 0x9f },
    { baseMemoryKiB: 128, ebdaSegment: 0, start: 0x20 },
    { baseMemoryKiB: 640, ebdaSegment: 0x9d00, start: 0x9d },
    { baseMemoryKiB: 630, ebdaSegment: 0x9f00, start: 0x9d },
    { baseMemoryKiB: 0, ebdaSegment: 0x1fff, start: 0x9f },
    { baseMemoryKiB: 0, ebdaSegment: 0x2000, start: 0x20 },
  ])('believes the BIOS within bounds: $baseMemoryKiB KiB, EBDA at $ebdaSegment', (words) => {
    const { pages } = predict({ ...STOCK, biosWords: words }, 'reserve-1m');
    expect(pages.findIndex(({ owner }, page) => page > 0xf && owner === 'bios')).toBe(words.start);
  });

  it('takes a page that is only partly RAM as no RAM', () => {
    const e820 = [ram(0, 0x9fc00), taken(0x9fc00, 0xa0000), taken(0x5800, 0x5900)];
    const { pages } = predict({ ...STOCK, e820 }, 'lock-on-crashkernel');
    expect(pages.flatMap(({ owner }, page) => (owner === 'firmware' ? [page] : []))).toEqual([
      0x5,
      ...Array.from({ length: 0x61 }, (_, index) => 0x9f + index),
    ]);
  });

  it('tells how a page came to its owner', () => {
    expect(predict(STOCK, 'reserve-1m').pages[0]?.history).toEqual([
      { step: 'e820__memory_setup', owner: 'free', why: 'RAM in the e820 map' },
      {
        step: 'early_reserve_memory',
        owner: 'bios',
        why: 'BIOSes are known to write to the first 64 KiB',
      },
      { step: 'trim_bios_range', owner: 'page0', why: 'page 0 belongs to the BIOS' },
    ]);
  });
});
