// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { elfNotes } from './elf-notes.ts';
import { cpuRegisters } from './prstatus.ts';
import { noteBytes, prstatusNote } from '../testing/vmcore-builder.ts';

describe('cpuRegisters()', () => {
  it('gives the registers of each CPU by name, and ignores other notes', () => {
    const ip = 0xffffffff81000000n;
    const specs = [
      prstatusNote(0, { ip, r15: 15n, gs: 0xffffffffffffffffn }),
      { name: 'QEMU', type: 1, desc: [1] },
      { name: 'CORE', type: 3, desc: [1] },
      prstatusNote(-1, { sp: 1n }),
    ];
    const cpus = cpuRegisters([...elfNotes(Buffer.concat(specs.map(noteBytes)))]);
    expect(cpus.map(({ pid }) => pid)).toEqual([0, -1]);
    expect(cpus.map(({ registers }) => registers)).toMatchObject([
      { r15: 15n, ip, sp: 0n, gs: 0xffffffffffffffffn },
      { ip: 0n, sp: 1n },
    ]);
    expect(Object.keys(cpus[0]?.registers ?? {})).toHaveLength(27);
  });

  it('refuses a note that is too short, and gives its offset in the dump', () => {
    const { name, type, desc } = prstatusNote(1);
    const note = { name, type, desc: Uint8Array.from(desc).subarray(0, 324), offset: 0x200 };
    expect(() => cpuRegisters([note])).toThrow(
      new FormatError('Cannot read struct elf_prstatus: expected 8 bytes at offset 0x340, found 4'),
    );
  });
});
