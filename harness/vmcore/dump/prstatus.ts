// SPDX-License-Identifier: MIT
import { ByteReader } from './byte-reader.ts';
import type { ElfNote } from './elf-notes.ts';

/** A CPU at the moment of the crash. */
export interface CpuRegisters {
  /** The task on it, 0 if idle; in QEMU's dumps the number of the CPU, from 1. */
  readonly pid: number;
  readonly registers: Readonly<Record<RegisterName, bigint>>;
  /** Where its page tables are; only QEMU's dumps say. */
  readonly cr3?: bigint;
}

/** The registers in the order of `struct user_regs_struct` (arch/x86/include/asm/user_64.h). */
export const REGISTER_NAMES = [
  'r15',
  'r14',
  'r13',
  'r12',
  'bp',
  'bx',
  'r11',
  'r10',
  'r9',
  'r8',
  'ax',
  'cx',
  'dx',
  'si',
  'di',
  'orig_ax',
  'ip',
  'cs',
  'flags',
  'sp',
  'ss',
  'fs_base',
  'gs_base',
  'ds',
  'es',
  'fs',
  'gs',
] as const;

/** A register, as the kernel calls it. */
export type RegisterName = (typeof REGISTER_NAMES)[number];

const NT_PRSTATUS = 1;
/** Offset of `pr_pid` in `struct elf_prstatus` (include/linux/elfcore.h), and what follows it. */
const PR_PID = 32;
const PID_TO_REG = 76;

/** Offset of `cr[3]` in QEMU's own note, of version 1 (`QEMUCPUState`, target/i386/arch_dump.c). */
const QEMU_VERSION = 1;
const QEMU_CR3 = 416;

/** The CPUs in the order of their NT_PRSTATUS notes. Throws `FormatError`. */
export function cpuRegisters(notes: readonly ElfNote[]): CpuRegisters[] {
  const ofQemu = notes.filter(({ name }) => name === 'QEMU').map(({ desc }) => findCr3(desc));
  return notes
    .filter(({ name, type }) => name === 'CORE' && type === NT_PRSTATUS)
    .map(({ desc, offset }, index) => {
      const cr3 = ofQemu[index];
      return { ...readPrstatus(desc, offset), ...(cr3 === undefined ? {} : { cr3 }) };
    });
}

function findCr3(desc: Uint8Array): bigint | undefined {
  const view = new DataView(desc.buffer, desc.byteOffset, desc.length);
  const isKnown = desc.length >= QEMU_CR3 + 8 && view.getUint32(0, true) === QEMU_VERSION;
  return isKnown ? view.getBigUint64(QEMU_CR3, true) : undefined;
}

function readPrstatus(desc: Uint8Array, base: number): CpuRegisters {
  const reader = new ByteReader(desc, 'struct elf_prstatus', base);
  reader.skip(PR_PID);
  const pid = reader.i32();
  reader.skip(PID_TO_REG);
  const entries = REGISTER_NAMES.map((name) => [name, reader.u64()] as const);
  return { pid, registers: Object.fromEntries(entries) as Record<RegisterName, bigint> };
}
