// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { lowPages } from '../memory/page-map.ts';
import { physRange } from '../memory/phys-range.ts';
import { initialLowMemory } from './low-memory.ts';
import type { ModelInputs } from './model-inputs.ts';
import { predict } from './prediction.ts';
import { STOCK, bootData, kernelOf, pagesOf, ram } from './testing/machine-builder.ts';
import { fillPoolV2, roomForRegions } from './two-phase-v2.ts';

const POLICY = 'two-phase-v2';
const RELEASE = 'low_pool=release';

/** The pages by owner, of a machine that is asked to release. */
function released(changes: Partial<ModelInputs>): Partial<Record<string, string>> {
  return pagesOf(predict({ ...STOCK, cmdline: RELEASE, ...changes }, POLICY));
}

/** As many isolated boot services above 1 MiB. */
const islands = (count: number) =>
  Array.from({ length: count }, (_, nr) => {
    const start = 0x2000_0000 + nr * 0x4000;
    return bootData(start, start + 0x1000);
  });

describe('two-phase-v2', () => {
  it.each(['', 'low_pool=keep', 'low_pool=', 'xlow_pool=release'])(
    'releases nothing with "%s"',
    (cmdline) => {
      expect(released({ cmdline })).toMatchObject({ pool: '0x10-0x97', trampoline: '0x98-0x9e' });
    },
  );

  it('releases what nobody claims, if asked to', () => {
    expect(released({})).toMatchObject({ free: '0x10-0x97', trampoline: '0x98-0x9e' });
    expect(released({ cmdline: `${RELEASE} crashkernel=128M` })).not.toHaveProperty('free');
  });

  it('takes boot services for the trampoline only if there is no other place', () => {
    const high = [bootData(0x60000, 0x9f000)];
    expect(released({ efiMap: high })).toMatchObject({
      trampoline: '0x59-0x5f',
      free: '0x10-0x58,0x60-0x9e',
    });
    const most = [bootData(0x14000, 0x9f000)];
    expect(released({ efiMap: most })).toMatchObject({ trampoline: '0x98-0x9e' });
  });

  it('joins what was free and what was boot services if neither has room', () => {
    const e820 = [ram(0, 0x1a000)];
    expect(released({ e820, efiMap: [bootData(0x13000, 0x1a000)] })).toMatchObject({
      trampoline: '0x13-0x19',
    });
    expect(
      released({ e820: [ram(0, 0x17000)], efiMap: [bootData(0x13000, 0x17000)] }),
    ).toMatchObject({
      trampoline: '0x10-0x16',
    });
  });

  it('holds back what was free of boot services of which somebody owns a part', () => {
    const efiMap = [bootData(0x8000, 0x20000)];
    expect(released({ efiMap })).toMatchObject({ 'boot-services': '0x10-0x1f' });
    // The trampoline may use it.
    expect(released({ efiMap, e820: [ram(0, 0x20000)] })).toMatchObject({
      'boot-services': '0x10-0x18',
      trampoline: '0x19-0x1f',
    });
  });

  it('has room for 1,024 reserved ranges', () => {
    for (const count of [120, 130, 500]) {
      const cmdline = `${RELEASE} crashkernel=128M`;
      const { pages, panic, trampoline } = predict(
        { ...STOCK, cmdline, efiMap: islands(count) },
        POLICY,
      );
      expect(panic).toBeNull();
      expect(trampoline).toEqual(physRange(0x98000, 0x9f000));
      expect(pages.filter(({ owner }) => owner === 'free')).toEqual([]);
    }
  });

  it("takes memblock's list out of the pool", () => {
    const inputs = { ...STOCK, kernel: kernelOf(POLICY) };
    const limited = { ...initialLowMemory([ram(0, 0xa0000)]), isLimited: true, hidden: 1024 };
    const { arrays, pages } = fillPoolV2(roomForRegions(limited, inputs), inputs);
    const list = arrays.reserved.place;
    if (!list) throw new Error('Expected a list that has grown below 1 MiB');
    expect(lowPages(list).map((page) => pages[page]?.owner)).toEqual(Array(12).fill('kernel'));
    expect(pages.filter(({ owner }) => owner === 'pool')).toHaveLength(0xa0 - 12);
  });

  it('has an empty pool if the first 1 MiB cannot be reserved', () => {
    const inputs = { ...STOCK, kernel: kernelOf(POLICY) };
    const limited = { ...initialLowMemory([ram(0, 0x3000)]), isLimited: true, hidden: 1024 };
    const filled = fillPoolV2(roomForRegions(limited, inputs), inputs);
    expect(filled.pages.filter(({ owner }) => owner === 'pool')).toEqual([]);
  });
});
