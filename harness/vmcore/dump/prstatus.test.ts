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

  it("takes page tables from QEMU's own notes, of the version that it knows", () => {
    const qemu = (version: number, cr3: bigint) => {
      const desc = Buffer.alloc(440);
      desc.writeUInt32LE(version, 0);
      desc.writeBigUInt64LE(cr3, 416);
      return { name: 'QEMU', type: 0, desc };
    };
    const specs = [prstatusNote(1), prstatusNote(2), prstatusNote(3), qemu(1, 0x1234_5000n)];
    const all = [...specs, qemu(2, 0x6000n), { ...qemu(1, 0n), desc: Buffer.alloc(423, 1) }];
    const cpus = cpuRegisters([...elfNotes(Buffer.concat(all.map(noteBytes)))]);
    expect(cpus.map(({ cr3 }) => cr3)).toEqual([0x1234_5000n, undefined, undefined]);
  });

  it('refuses a note that is too short, and gives its offset in the dump', () => {
    const { name, type, desc } = prstatusNote(1);
    const note = { name, type, desc: Uint8Array.from(desc).subarray(0, 324), offset: 0x200 };
    expect(() => cpuRegisters([note])).toThrow(
      new FormatError('Cannot read struct elf_prstatus: expected 8 bytes at offset 0x340, found 4'),
    );
  });
});
