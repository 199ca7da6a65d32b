// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { symbolLine } from '../testing/kallsyms-builder.ts';
import {
  type BuiltKernel,
  NO_SYMBOLS,
  builtKernel,
  readerOf,
  vaddrOf,
  writeWords,
} from '../testing/kernel-builder.ts';
import { BIT_TYPES, BYTE_TYPES, type PageSpec, addPages } from '../testing/page-builder.ts';
import { physRange } from '../../memory/phys-range.ts';
import { countUnreserved, readLowPages } from './page-structs.ts';

const VMEMMAP = 0x1_0000;

function withPages(pages: Readonly<Record<number, PageSpec>>, types = BYTE_TYPES): BuiltKernel {
  const kernel = builtKernel();
  addPages(kernel, VMEMMAP, pages);
  kernel.lines.push(symbolLine('vmemmap', VMEMMAP), ...types);
  return kernel;
}

const read = (kernel: BuiltKernel): ReturnType<typeof readLowPages> =>
  readLowPages({ ...readerOf(kernel), ...NO_SYMBOLS });

describe('readLowPages()', () => {
  it('reads pages of a kernel before 4.6, which calls the number of references "_count"', () => {
    const kernel = withPages({ 5: { refcount: 1, mapping: 1n } });
    const lines = kernel.lines.map((line) => line.replace('_refcount', '_count'));
    expect(read({ ...kernel, lines })).toEqual(read(kernel));
  });

  it.each<{ what: string; page: PageSpec; types?: string[]; found: object }>([
    { what: 'reserved', page: { flags: 1n << 13n }, found: { class: 'reserved', use: null } },
    { what: 'poison', page: { flags: ~0n }, found: { class: 'absent', use: null } },
    {
      what: 'free, by a byte',
      page: { pageType: 0xf000_0000 },
      found: { class: 'free', use: null },
    },
    {
      what: 'free, by a bit',
      page: { pageType: 0xffff_ff7f },
      types: BIT_TYPES,
      found: { class: 'free', use: null },
    },
    {
      what: 'slab, by a byte, with the rest of the word in use',
      page: { pageType: 0xf500_0040, refcount: 1 },
      found: { class: 'used', use: 'slab' },
    },
    {
      what: 'slab, by its flag',
      page: { flags: 1n << 9n, refcount: 1 },
      types: BIT_TYPES,
      found: { class: 'used', use: 'slab' },
    },
    {
      what: 'a page table',
      page: { pageType: 0xf200_0000, refcount: 1 },
      found: { class: 'used', use: 'page table' },
    },
    {
      what: 'anonymous memory',
      page: { mapping: 0xffff888000001001n, refcount: 2, pageType: 0 },
      found: { class: 'used', use: 'anonymous', refcount: 2 },
    },
    {
      what: 'page cache',
      page: { mapping: 0xffff888000001000n, refcount: 3 },
      found: { class: 'used', use: 'page cache' },
    },
    { what: 'a page on a per-CPU list', page: {}, found: { class: 'used', use: 'unreferenced' } },
    { what: 'any other', page: { refcount: 1 }, found: { class: 'used', use: 'unknown' } },
  ])('recognises $what', ({ page, types, found }) => {
    expect(read(withPages({ 7: page }, types))[7]).toMatchObject(found);
  });

  it('recognises all pages of a free block by its head', () => {
    const pages = read(
      withPages({ 16: { pageType: 0xf000_0000, order: 2 }, 17: {}, 19: {}, 20: {} }),
    );
    const classes = [15, 16, 17, 19, 20].map((index) => pages[index]?.class);
    expect(classes).toEqual(['reserved', 'free', 'free', 'free', 'used']);
  });

  it('recognises all pages of a slab by its head', () => {
    const slab = { pageType: 0xf500_0000, refcount: 1 };
    const pages = read(
      withPages({ 16: slab, 17: { compound: 0x1001n }, 18: { compound: 0x1001n } }),
    );
    expect([16, 17, 18].map((index) => pages[index]?.use)).toEqual(['slab', 'slab', 'slab']);
  });

  describe('by the first mem_section', () => {
    const withSection = (map: number): BuiltKernel => {
      const kernel = builtKernel();
      addPages(kernel, map, { 7: { pageType: 0xf000_0000 } });
      const [sections, root, flags] = [0x1_0000, 0x1_0100, 0x1fn];
      writeWords(kernel.ram, sections, [vaddrOf(root)]);
      writeWords(kernel.ram, root, [0, vaddrOf(map) | flags]);
      const member = 'OFFSET(mem_section.section_mem_map)=8';
      kernel.lines.push(symbolLine('mem_section', sections), member, ...BYTE_TYPES);
      return kernel;
    };

    it('finds them', () => {
      expect(read(withSection(0x20_0000))[7]?.class).toBe('free');
    });

    it('rejects an address that no section can have', () => {
      const message = 'Cannot read struct page: expected it at SYMBOL(vmemmap) or vmemmap_base';
      expect(() => read(withSection(0x22_0000))).toThrow(message);
    });
  });

  it.each<{ lie: string; lines: string[]; message: string }>([
    {
      lie: 'no vmemmap',
      lines: ['SYMBOL(vmemmap)=ffffea0000000000'],
      message:
        'expected it at SYMBOL(vmemmap) or vmemmap_base; Cannot translate 0xffffea0000000000: the level 4 entry at 0x1ea0 is not present (0x0)',
    },
    {
      lie: 'a member outside',
      lines: ['OFFSET(page.flags)=60'],
      message: 'expected OFFSET(page.flags) within SIZE(page) 64, found 60',
    },
    {
      lie: 'large pages',
      lines: ['SIZE(page)=100000'],
      message: 'expected SIZE(page) of at most 256, found 100000',
    },
    {
      lie: 'a bit out of range',
      lines: ['NUMBER(PG_private)=0'],
      message: 'expected NUMBER(PG_private), found none',
    },
  ])('refuses $lie', ({ lines, message }) => {
    const kernel = withPages({});
    kernel.lines.push(...lines);
    expect(() => read(kernel)).toThrow(new FormatError(`Cannot read struct page: ${message}`));
  });
});

it('counts pages of an area that are not reserved', () => {
  const free = new Set([0x3ff, 0x400, 0x801, 0x900]);
  const classes = (first: number, count: number): { class: 'free' | 'reserved' }[] => {
    expect(first % 1024).toBe(0);
    return Array.from({ length: count }, (_, index) => ({
      class: free.has(first + index) ? 'free' : 'reserved',
    }));
  };
  expect(countUnreserved(classes, [physRange(0x40_0000, 0x90_0000)])).toBe(2);
  expect(countUnreserved(classes, [physRange(0x3f_f000, 0x40_1000)])).toBe(2);
  expect(countUnreserved(classes, [])).toBe(0);
});
