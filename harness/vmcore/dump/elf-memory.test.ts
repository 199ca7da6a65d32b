// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError, MissingPageError } from '../../errors.ts';
import { pfn, physAddr } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { bytesSource } from './byte-source.ts';
import { elfMemory } from './elf-memory.ts';
import { readElfCore } from './elf.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { type LoadSpec, elfCoreBytes, pageOf } from '../testing/vmcore-builder.ts';

function memoryOf(loads: readonly LoadSpec[], cut = 0): PhysicalMemory {
  const bytes = elfCoreBytes([], loads);
  const source = bytesSource(bytes.subarray(0, bytes.length - cut));
  return elfMemory(source, readElfCore(source));
}

const bytesAt = (memory: PhysicalMemory, start: number, length: number): number[] => [
  ...memory.read(physAddr(start), length),
];

describe('elfMemory()', () => {
  it('reads across loads that are apart in the file', () => {
    const memory = memoryOf([
      { paddr: 0x3000, bytes: pageOf(3) },
      { paddr: 0x1000, bytes: pageOf(1) },
      { paddr: 0x2000, bytes: pageOf(2) },
      { paddr: 0x9000, bytes: pageOf(9) },
    ]);
    expect(memory.ranges).toEqual([physRange(0x1000, 0x4000), physRange(0x9000, 0xa000)]);
    expect(bytesAt(memory, 0x1ffe, 4)).toEqual([1, 1, 2, 2]);
    expect(bytesAt(memory, 0x2fff, 2)).toEqual([2, 3]);
    expect(bytesAt(memory, 0x9fff, 1)).toEqual([9]);
    expect(bytesAt(memory, 0x9fff, 0)).toEqual([]);
  });

  it('reads the first of several loads with the same memory', () => {
    const text = { paddr: 0x2000, vaddr: 0xffffffff81000000n, bytes: pageOf(7) };
    const memory = memoryOf([text, { paddr: 0x1000, bytes: new Uint8Array(0x3000).fill(1) }]);
    expect(memory.ranges).toEqual([physRange(0x1000, 0x4000)]);
    expect(bytesAt(memory, 0x1fff, 2)).toEqual([1, 7]);
    expect(bytesAt(memory, 0x2fff, 2)).toEqual([7, 1]);
  });

  it('reads zeroes after the bytes in the file, unless another load has them', () => {
    const memory = memoryOf([
      { paddr: 0x1000, bytes: pageOf(1), memoryBytes: 0x3000 },
      { paddr: 0x3000, bytes: pageOf(3) },
    ]);
    expect(memory.ranges).toEqual([physRange(0x1000, 0x4000)]);
    expect(bytesAt(memory, 0x1fff, 2)).toEqual([1, 0]);
    expect(bytesAt(memory, 0x2fff, 2)).toEqual([0, 3]);
  });

  it.each([
    { start: 0xfff, length: 2, page: '0x0' },
    { start: 0x1fff, length: 2, page: '0x2000' },
    { start: 0x3000, length: 1, page: '0x3000' },
    { start: 0x2abc, length: 1, page: '0x2000' },
  ])('says that page $page is missing', ({ start, length, page }) => {
    const memory = memoryOf([{ paddr: 0x1000, bytes: pageOf(1) }]);
    expect(() => memory.read(physAddr(start), length)).toThrow(
      new MissingPageError(`Cannot read page ${page}: no PT_LOAD of the dump has it`),
    );
  });

  it('has the pages that are complete', () => {
    const memory = memoryOf([
      { paddr: 0x1000, bytes: pageOf(1) },
      { paddr: 0x2000, bytes: pageOf(2).subarray(0, 0x800), memoryBytes: 0x1000 },
      { paddr: 0x3000, bytes: pageOf(3).subarray(1) },
      { paddr: 0x5001, bytes: pageOf(5).subarray(1) },
    ]);
    const pages = [0, 1, 2, 3, 4, 5, 6].filter((page) => memory.has(pfn(page)));
    expect(pages).toEqual([1, 2]);
  });

  it('has nothing without loads', () => {
    const memory = memoryOf([]);
    expect(memory.ranges).toEqual([]);
    expect(() => memory.read(physAddr(0), 1)).toThrow(MissingPageError);
  });

  it.each([
    {
      read: [0x1000, 0x1000],
      message: 'memory at 0x1000: expected 4096 bytes at offset 0xb0, found 4086',
    },
    { read: [0x1ff0, 8], message: 'memory at 0x1ff0: expected 8 bytes at offset 0x10a0, found 6' },
    { read: [0x1ff8, 8], message: 'memory at 0x1ff8: expected 8 bytes at offset 0x10a8, found 0' },
    {
      read: [0x1000, 2 ** 28 + 1],
      message: 'memory at 0x1000: expected at most 268435456 bytes, asked for 268435457',
    },
    {
      read: [0x1000, -1],
      message: 'memory at 0x1000: expected at most 268435456 bytes, asked for -1',
    },
  ] as const)('refuses $message', ({ read: [start, length], message }) => {
    const memory = memoryOf([{ paddr: 0x1000, bytes: pageOf(1) }], 10);
    expect(() => memory.read(physAddr(start), length)).toThrow(
      new FormatError(`Cannot read ${message}`),
    );
    expect(bytesAt(memory, 0x1000, 2)).toEqual([1, 1]);
  });
});
