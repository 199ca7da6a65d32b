// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { physRange } from '../memory/phys-range.ts';
import { keptKindsLeftOut } from './filtered-pages.ts';
import { symbolLine } from './testing/kallsyms-builder.ts';
import { NO_SYMBOLS, builtKernel, readerOf } from './testing/kernel-builder.ts';
import { BYTE_TYPES, addPages } from './testing/page-builder.ts';

const VMEMMAP = 0x1_0000;

it('lists left-out pages that are neither free, cache nor user data', () => {
  const kernel = builtKernel();
  addPages(kernel, VMEMMAP, {
    1: { pageType: 0xf000_0000 },
    2: { mapping: 0xffff888000001001n, refcount: 2, pageType: 0 },
    3: { mapping: 0xffff888000001000n, refcount: 3 },
    4: { flags: 1n << 5n, refcount: 1 },
    5: { pageType: 0xf500_0040, refcount: 1 },
    6: { pageType: 0xf200_0000, refcount: 1 },
    7: { flags: 1n << 13n },
  });
  kernel.lines.push(symbolLine('vmemmap', VMEMMAP), ...BYTE_TYPES, 'NUMBER(PG_lru)=5');
  const memory = {
    ranges: [physRange(0x1000, 0x9000)],
    // Page 6 is in the dump.
    has: (page: number) => page === 6 || page === 8,
    read: () => new Uint8Array(),
  };
  const found = keptKindsLeftOut({ ...readerOf(kernel), ...NO_SYMBOLS }, memory);
  expect([...found]).toEqual([5, 7]);
});

it('refuses a dump that claims more memory than a machine has', () => {
  const kernel = { ...readerOf(builtKernel()), ...NO_SYMBOLS };
  const memory = {
    ranges: [physRange(0, 2 ** 40)],
    has: () => false,
    read: () => new Uint8Array(),
  };
  expect(() => keptKindsLeftOut(kernel, memory)).toThrow(
    new FormatError('Cannot read the vmcore: expected at most 16777216 pages, found 268435456'),
  );
});

it('takes no page for one on an LRU list if the kernel does not give that flag', () => {
  const kernel = builtKernel();
  addPages(kernel, VMEMMAP, { 1: { flags: 1n, refcount: 1 } });
  kernel.lines.push(symbolLine('vmemmap', VMEMMAP), ...BYTE_TYPES);
  const memory = {
    ranges: [physRange(0x1000, 0x2000)],
    has: () => false,
    read: () => new Uint8Array(),
  };
  const found = keptKindsLeftOut({ ...readerOf(kernel), ...NO_SYMBOLS }, memory);
  expect([...found]).toEqual([1]);
});
