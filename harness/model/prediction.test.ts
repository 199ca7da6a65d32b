// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { E820Entry } from '../memory/e820.ts';
import { renderPages } from '../memory/page-map.ts';
import { LOW_PAGES, SZ_1M, pfn } from '../memory/pfn.ts';
import { physRange, renderRange } from '../memory/phys-range.ts';
import { OWNERS, type Owner } from './owners.ts';
import { POLICIES, type PolicyId } from './policies.ts';
import { type Prediction, predict } from './prediction.ts';
import type { ModelInputs } from './steps.ts';

const ram = (start: number, end: number): E820Entry => ({
  range: physRange(start, end),
  ram: true,
});
const taken = (start: number, end: number): E820Entry => ({
  range: physRange(start, end),
  ram: false,
});

/** OVMF's map with Debian's 6.12 kernel (5.10: 0x5244 bytes of trampoline). */
const STOCK: ModelInputs = {
  e820: [ram(0, 0xa0000), ram(SZ_1M, 0x4000_0000)],
  biosWords: { ebdaSegment: 0, baseMemoryKiB: 0 },
  cmdline: 'console=ttyS0 panic=-1',
  trampolineSize: 0x6264,
};
const STOCK_5_10 = { ...STOCK, trampolineSize: 0x5244 };

function pagesOf({ pages }: Prediction): Partial<Record<Owner, string>> {
  const owners = Object.keys(OWNERS) as Owner[];
  const runs = owners.map((owner) => {
    const owned = pages.flatMap((fate, page) => (fate.owner === owner ? [pfn(page)] : []));
    return [owner, renderPages(owned).join(',')] as const;
  });
  return Object.fromEntries(runs.filter(([, text]) => text !== ''));
}

describe('the model', () => {
  // Named as in KERNEL-FACTS.md, section 11, where each was seen on a real kernel.
  it.each<{ id: string; policy: PolicyId; inputs: ModelInputs; pages: object }>([
    {
      id: 't1: 6.12',
      policy: 'reserve-1m',
      inputs: STOCK,
      pages: {
        page0: '0x0',
        bios: '0x1-0xf,0x9f',
        reserved: '0x10-0x97',
        trampoline: '0x98-0x9e',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 't8: 6.12, EBDA at 0x2c000, efi=noruntime',
      policy: 'reserve-1m',
      inputs: { ...STOCK, biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0 } },
      pages: {
        page0: '0x0',
        bios: '0x1-0xf,0x2c-0x9f',
        reserved: '0x10-0x24',
        trampoline: '0x25-0x2b',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 't13: 6.12, movable_node',
      policy: 'reserve-1m',
      inputs: { ...STOCK, cmdline: 'movable_node' },
      pages: {
        page0: '0x0',
        bios: '0x1-0xf,0x9f',
        trampoline: '0x10-0x16',
        reserved: '0x17-0x9e',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 'a1: 5.10',
      policy: 'lock-on-crashkernel',
      inputs: STOCK_5_10,
      pages: {
        page0: '0x0',
        bios: '0x1-0xf,0x9f',
        free: '0x10-0x98',
        trampoline: '0x99-0x9e',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 'a2 without boot services: 5.10 with crashkernel',
      policy: 'lock-on-crashkernel',
      inputs: { ...STOCK_5_10, cmdline: 'crashkernel=128M' },
      pages: {
        page0: '0x0',
        lock: '0x1-0x98',
        trampoline: '0x99-0x9e',
        bios: '0x9f',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 'b9: 5.10, movable_node',
      policy: 'lock-on-crashkernel',
      inputs: { ...STOCK_5_10, cmdline: 'movable-node' },
      pages: {
        page0: '0x0',
        trampoline: '0x1-0x6',
        bios: '0x7-0xf,0x9f',
        free: '0x10-0x9e',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 'b10: 5.10, reservelow=640K',
      policy: 'lock-on-crashkernel',
      inputs: { ...STOCK_5_10, cmdline: 'reservelow=640K' },
      pages: {
        page0: '0x0',
        bios: '0x1-0x98,0x9f',
        trampoline: '0x99-0x9e',
        firmware: '0xa0-0xff',
      },
    },
    {
      id: 'b3: 5.10, nothing free but the first 64 KiB',
      policy: 'lock-on-crashkernel',
      inputs: { ...STOCK_5_10, e820: [ram(0, 0x10000)] },
      pages: {
        page0: '0x0',
        bios: '0x1-0x9',
        trampoline: '0xa-0xf',
        firmware: '0x10-0xff',
      },
    },
    {
      id: 'b7: 5.10 with crashkernel, no room for the trampoline, so no lock',
      policy: 'lock-on-crashkernel',
      inputs: {
        ...STOCK_5_10,
        e820: [ram(0, 0x5000), ram(0x20000, 0x25000)],
        cmdline: 'crashkernel=1',
      },
      pages: { page0: '0x0', bios: '0x1-0x4', free: '0x20-0x24', firmware: '0x5-0x1f,0x25-0xff' },
    },
    {
      id: 't9: 6.12, no low memory but page 0',
      policy: 'reserve-1m',
      inputs: { ...STOCK, e820: [ram(0, 0x1000)] },
      pages: { page0: '0x0', firmware: '0x1-0xff' },
    },
  ])('gives pages to whom a kernel gave them: $id', ({ policy, inputs, pages }) => {
    const prediction = predict(inputs, policy);
    expect(pagesOf(prediction)).toEqual(pages);
    const { trampoline } = prediction;
    const run = pagesOf(prediction).trampoline;
    expect(trampoline && renderRange(trampoline).replaceAll(/(000|fff)(?=-|$)/g, '')).toBe(
      run ?? null,
    );
  });

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

const anyInputs: fc.Arbitrary<ModelInputs> = fc.record({
  e820: fc.array(anyEntry, { maxLength: 8 }),
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
