// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOW_PAGES, PAGE_SIZE } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { STOCK, STOCK_5_10, descriptor, ram, taken } from './machine-builder.ts';
import { POLICIES, type PolicyId } from './policies.ts';
import { predict } from './prediction.ts';
import type { ModelInputs } from './steps.ts';

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

const anyEntry = fc
  .tuple(fc.nat(0x10_0000), fc.integer({ min: 1, max: 0x8_0000 }), fc.boolean())
  .map(([start, size, isRam]) => (isRam ? ram : taken)(start, start + size));

const anyDescriptor = fc
  .tuple(fc.nat(0x10f), fc.integer({ min: 0, max: 0x80 }), fc.integer({ min: 0, max: 15 }))
  .map(([page, pages, type]) => descriptor(type, page * PAGE_SIZE, (page + pages) * PAGE_SIZE));

const anyInputs: fc.Arbitrary<ModelInputs> = fc.record({
  e820: fc.array(anyEntry, { maxLength: 8 }),
  efiMap: fc.option(fc.array(anyDescriptor, { maxLength: 8 })),
  biosWords: fc.record({ ebdaSegment: fc.nat(0xffff), baseMemoryKiB: fc.nat(0xffff) }),
  cmdline: fc.constantFrom('', 'crashkernel=1M', 'movable_node', 'reservelow=128K crashkernel=1'),
  trampolineSize: fc.integer({ min: 1, max: 0x2_0000 }),
});
const anyPolicy = fc.constantFrom(...(Object.keys(POLICIES) as PolicyId[]));

describe('whatever the machine, the model', () => {
  it('gives each page one owner: that of the last event of its history', () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const { pages } = predict(inputs, policy);
        expect(pages).toHaveLength(LOW_PAGES);
        for (const { owner, history } of pages) expect(history.at(-1)?.owner).toBe(owner);
      }),
    );
  });

  it("never gives away the firmware's memory, nor page 0", () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const { pages } = predict(inputs, policy);
        const lost = pages.filter(
          ({ owner, history }) => history[0]?.owner === 'firmware' && owner !== 'firmware',
        );
        expect(lost).toEqual([]);
        expect(pages[0]?.owner).toMatch(/page0|firmware/);
      }),
    );
  });

  it('frees nothing under reserve-1m, nor under a lock', () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const { pages, trampoline } = predict(inputs, policy);
        const locks = trampoline !== null && inputs.cmdline.includes('crashkernel');
        fc.pre(policy === 'reserve-1m' || locks);
        expect(pages.some(({ owner }) => owner === 'free')).toBe(false);
      }),
    );
  });

  it('does not depend on the order of the e820 map, nor on an entry being split', () => {
    fc.assert(
      fc.property(anyInputs, anyPolicy, (inputs, policy) => {
        const halves = inputs.e820.flatMap(({ range, ram: isRam }) => {
          const middle = Math.ceil((range.start + range.end) / 2);
          const parts = [physRange(range.start, middle), physRange(middle, range.end)];
          return parts.map((part) => ({ range: part, ram: isRam }));
        });
        const split = { ...inputs, e820: halves.toReversed() };
        expect(predict(split, policy)).toEqual(predict(inputs, policy));
      }),
    );
  });
});
