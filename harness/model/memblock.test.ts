// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EFI_MEMORY_MORE_RELIABLE } from '../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { detailsOfRelease } from './kernel-details.ts';
import { initialLowMemory } from './low-memory.ts';
import { findFreeRange } from './memblock.ts';
import { type MemblockRegions, addRegion, markKern, removeRegion } from './memblock-regions.ts';
import type { ModelInputs } from './model-inputs.ts';
import { predict } from './prediction.ts';
import { STOCK, STOCK_5_10, bootData, descriptor, ram, taken } from './testing/machine-builder.ts';

const TOP = 40;
const anyRange = fc
  .tuple(fc.nat(TOP), fc.integer({ min: 1, max: 9 }))
  .map(([start, size]) => physRange(start, start + size));
const anyChange = fc.record({
  how: fc.constantFrom('add', 'remove', 'mark'),
  range: anyRange,
  kern: fc.boolean(),
});

/** Of each byte whether it is reserved, and whether for the kernel. */
function bytesOf(regions: MemblockRegions): string {
  const bytes = Array.from({ length: TOP + 10 }, (_, byte) => {
    const region = regions.find(({ start, end }) => start <= byte && byte < end);
    return region ? Number(region.kern) : '-';
  });
  return bytes.join('');
}

describe('memblock.reserved', () => {
  it('is what happened to each byte, in as few regions as that takes', () => {
    fc.assert(
      fc.property(fc.array(anyChange, { maxLength: 30 }), (changes) => {
        let regions: MemblockRegions = [];
        let bytes = bytesOf(regions);
        for (const { how, range, kern } of changes) {
          const after = { add: Number(kern), remove: '-', mark: 1 }[how];
          bytes = bytes
            .split('')
            .map((byte, at) => {
              const isIn = range.start <= at && at < range.end;
              const isMeant = { add: byte === '-', remove: true, mark: byte !== '-' }[how];
              return isIn && isMeant ? after : byte;
            })
            .join('');
          if (how === 'add') regions = addRegion(regions, { ...range, kern });
          if (how === 'remove') regions = removeRegion(regions, range);
          if (how === 'mark') regions = markKern(regions, range);
        }
        expect(bytesOf(regions)).toBe(bytes);
        expect(regions.length).toBe(bytes.match(/0+|1+/g)?.length ?? 0);
      }),
    );
  });
});

describe('a search', () => {
  it('does not reach from mirrored memory into its neighbour', () => {
    const all = { ...initialLowMemory([ram(0x1_0000, 0x5_0000)]), isLimited: true };
    const some = { ...all, mirrored: [physRange(0x4_e000, 0x5_0000)] };
    const search = { size: 0x3000, align: PAGE_SIZE };
    expect(findFreeRange(all, search)?.start).toBe(0x4_d000);
    expect(findFreeRange(some, search)?.start).toBe(0x4_b000);
  });
});

/** So many regions of RAM above 1 MiB, and one below that `low` ends. */
const islands = (count: number, low = 0xa_0000): ModelInputs['e820'] => [
  ram(0, low),
  ...Array.from({ length: count }, (_, index) =>
    ram(SZ_1M + index * 0x20_0000, SZ_1M + index * 0x20_0000 + 0x10_0000),
  ),
];

const linesOf = (inputs: ModelInputs, start: string): number =>
  predict(inputs, 'reserve-1m').logLines.filter((line) => line.startsWith(start)).length;

describe('memblock.memory', () => {
  const kernel = detailsOfRelease('7.3.4');

  it('takes room for two regions more to mark memory below 1 MiB as scratch', () => {
    const doubled = (count: number, given: ModelInputs['kernel']): number =>
      linesOf({ ...STOCK, e820: islands(count), kernel: given }, 'memblock: memory is doubled');
    expect(doubled(125, kernel)).toBe(0);
    expect(doubled(126, kernel)).toBe(1);
    expect(doubled(127, null)).toBe(0);
    expect(doubled(128, null)).toBe(1);
  });

  it('loses each region of RAM that it has no room for, and cannot grow', () => {
    const full = { ...STOCK, e820: islands(130, 0x1000) };
    expect(linesOf(full, 'memblock: Failed to double memory')).toBe(2);
  });

  it('takes room to mark mirrored memory', () => {
    const efiMap = [{ ...descriptor(7, 0x1_0000, 0x2_0000), attribute: EFI_MEMORY_MORE_RELIABLE }];
    const machine = { ...STOCK, e820: islands(126), efiMap };
    expect(linesOf(machine, 'memblock: memory is doubled')).toBe(0);
    const marks = { ...machine, cmdline: 'kernelcore=mirror' };
    expect(linesOf(marks, 'memblock: memory is doubled')).toBe(1);
  });
});

describe('a table of the firmware', () => {
  const table = physRange(0x3_0000, 0x3_1000);
  const machine = {
    ...STOCK_5_10,
    efiMap: [bootData(0x3_0000, 0x3_4000)],
    keptTables: { esrt: null, mokvar: null, bgrt: table },
  };

  it('has the copy of the map for a logo below 1 MiB where all searches begin there', () => {
    const bottomUp = predict({ ...machine, cmdline: 'movable_node' }, 'lock-on-crashkernel');
    expect(
      bottomUp.pages.filter(({ history }) => history.at(-1)?.step === 'efi_memmap_alloc'),
    ).toHaveLength(1);
    const plain = predict(machine, 'lock-on-crashkernel');
    expect(plain.memblockCalls.length).toBeLessThan(bottomUp.memblockCalls.length);
  });

  it("is a region of its own if it is marked as the kernel's, as in 7.3", () => {
    const islandsUntilFull = (release: string): number => {
      const isDoubled = (count: number): boolean => {
        const efiMap = [...machine.efiMap, ...bootIslands(count)];
        const keptTables = { esrt: table, mokvar: null, bgrt: null };
        const given = { ...machine, efiMap, keptTables, reservedAbove1M: [] };
        const start = 'memblock: reserved is doubled';
        return linesOf({ ...given, kernel: detailsOfRelease(release) }, start) > 0;
      };
      return Array.from({ length: 20 }, (_, index) => 110 + index).findIndex(isDoubled);
    };
    expect(islandsUntilFull('7.3.4')).toBe(islandsUntilFull('6.16.1') - 1);
  });
});

/** So many pages of boot services above 1 MiB, each by itself. */
function bootIslands(count: number): ModelInputs['efiMap'] & object {
  return Array.from({ length: count }, (_, index) =>
    bootData(0x1000_0000 + index * 0x4000, 0x1000_0000 + index * 0x4000 + 0x1000),
  );
}

describe('bad pages of Sandy Bridge', () => {
  it('take room in the list of reserved ranges', () => {
    const efiMap = bootIslands(124);
    const e820 = [ram(0, 0xa_0000), taken(0xa_0000, SZ_1M), ram(SZ_1M, 0x8000_0000)];
    const lost = (sandyBridgeGraphics: boolean): number =>
      predict(
        { ...STOCK_5_10, e820, efiMap, sandyBridgeGraphics, reservedAbove1M: [] },
        'lock-on-crashkernel',
      ).logLines.filter((line) => line.includes('Failed to double reserved')).length;
    expect(lost(false)).toBe(0);
    expect(lost(true)).toBeGreaterThan(0);
  });
});
