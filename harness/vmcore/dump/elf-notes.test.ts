// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { elfNotes } from './elf-notes.ts';
import { noteBytes } from '../testing/vmcore-builder.ts';

const CORE = noteBytes({ name: 'CORE', type: 1, desc: [1, 2, 3] });
const QEMU = noteBytes({ name: 'QEMU', type: 0, desc: [] });

describe('elfNotes()', () => {
  it('splits a segment, and gives the offset of each note', () => {
    expect([...elfNotes(Buffer.concat([CORE, QEMU]), 0x1000)]).toEqual([
      { name: 'CORE', type: 1, desc: Uint8Array.of(1, 2, 3), offset: 0x1014 },
      { name: 'QEMU', type: 0, desc: Uint8Array.of(), offset: 0x102c },
    ]);
  });

  it('ends at an empty note', () => {
    const segment = Buffer.concat([CORE, new Uint8Array(12), QEMU]);
    expect([...elfNotes(segment)].map(({ name }) => name)).toEqual(['CORE']);
  });

  it.each([
    { cut: 1, message: 'Cannot read Elf64_Nhdr: expected 4 bytes at offset 0x14, found 3' },
    { cut: 5, message: 'Cannot read Elf64_Nhdr: expected 8 bytes at offset 0xc, found 7' },
    { cut: 13, message: 'Cannot read Elf64_Nhdr: expected 4 bytes at offset 0x8, found 3' },
  ])('refuses a segment cut by $cut bytes', ({ cut, message }) => {
    expect(() => [...elfNotes(CORE.subarray(0, -cut))]).toThrow(new FormatError(message));
  });

  it('refuses a size with all bits set', () => {
    const lie = Buffer.from(CORE);
    lie.writeUInt32LE(0xffff_ffff, 4);
    expect(() => [...elfNotes(lie)]).toThrow(
      new FormatError('Cannot read Elf64_Nhdr: expected 4294967296 bytes at offset 0x14, found 4'),
    );
  });
});
