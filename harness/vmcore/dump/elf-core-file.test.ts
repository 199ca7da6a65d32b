// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { elfHeaders } from '../testing/elf-builder.ts';
import { bytesSource } from './byte-source.ts';
import { elfCoreFile } from './elf-core-file.ts';
import { elfMemory } from './elf-memory.ts';
import { readElfCore } from './elf.ts';
import { flattenedPieces } from './flatten.ts';
import { flattenedSource } from './flattened.ts';
import type { PhysicalMemory } from './physical-memory.ts';

const NOTES = Buffer.from('the notes of another core');

/** The beginning of a core of one page: headers, notes, memory. */
const HEAD = Buffer.concat([
  elfHeaders([
    { type: 4, offset: 0xb0, fileBytes: NOTES.length, memoryBytes: NOTES.length },
    { offset: 0x1000, memoryBytes: PAGE_SIZE },
  ]),
  NOTES,
]);

/** Each byte says in which page it is. */
const MEMORY: PhysicalMemory = {
  ranges: [physRange(0, 0x2800), physRange(0x10_0000, 0x10_1000)],
  has: () => true,
  read: (start, length) =>
    Uint8Array.from({ length }, (_, index) => Math.floor((start + index) / PAGE_SIZE) + 1),
};

describe('elfCoreFile()', () => {
  const core = elfCoreFile(HEAD, MEMORY);

  it('has the notes and a PT_LOAD for each range, at whole pages', () => {
    const { notes, loads } = readElfCore(core);
    expect(notes.map(({ offset, fileBytes }) => core.read(offset, fileBytes))).toEqual([
      new Uint8Array(NOTES),
    ]);
    expect(
      loads.map(({ offset, paddr, memoryBytes }) => [offset, paddr, memoryBytes].map(hex)),
    ).toEqual([
      ['0x1000', '0x0', '0x2800'],
      ['0x4000', '0x100000', '0x1000'],
    ]);
  });

  it('reads as the memory does, flattened too', () => {
    const file = Buffer.concat([...flattenedPieces(core)]);
    for (const source of [core, flattenedSource(bytesSource(file))]) {
      const memory = elfMemory(source, readElfCore(source));
      for (const { start, end } of MEMORY.ranges) {
        expect(memory.read(start, end - start)).toEqual(MEMORY.read(start, end - start));
      }
    }
  });

  it('reads across headers and loads, with zeroes between them', () => {
    const whole = core.read(0, core.size);
    expect(core.read(0x3700, 0xa00)).toEqual(whole.subarray(0x3700, 0x4100));
    expect([...whole.subarray(0x37ff, 0x3801), whole[0x3fff], whole[0x4000]]).toEqual([3, 0, 0, 1]);
  });

  it('refuses a head that is none', () => {
    expect(() => elfCoreFile(new Uint8Array(64), MEMORY)).toThrow('Cannot read an ELF core file');
  });
});
