// SPDX-License-Identifier: MIT
import { MissingPageError } from '../../errors.ts';
import { physRange } from '../../memory/phys-range.ts';
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { kernelPageTables } from '../kernel/page-tables.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import { VirtualMemory } from '../kernel/virtual-memory.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from '../dump/vmcoreinfo.ts';

/** Bytes of memory of a built kernel. */
export const RAM_BYTES = 0x40_0000;

/** Offset of `swapper_pg_dir`, which the two tables below it follow. */
const PGD = 0x1000;
const [PUD, PMD, PAGE_TABLE] = [0x2000, 0x3000, 0x4000];
/** Entries: present and writable, and the same for a large page. */
const TABLE = 0x3n;
const LARGE = 0x83n;

/** A small kernel: memory from 0, all mapped at the start of the kernel image. */
export interface BuiltKernel {
  readonly ram: Buffer;
  readonly physical: PhysicalMemory;
  /** Lines of VMCOREINFO; builders add theirs. */
  readonly lines: string[];
}

/** A kernel with page tables and nothing else. */
export function builtKernel(): BuiltKernel {
  const ram = Buffer.alloc(RAM_BYTES);
  ram.writeBigUInt64LE(BigInt(PUD) | TABLE, PGD + 511 * 8);
  ram.writeBigUInt64LE(BigInt(PMD) | TABLE, PUD + 510 * 8);
  ram.writeBigUInt64LE(LARGE, PMD);
  ram.writeBigUInt64LE(0x20_0000n | LARGE, PMD + 8);
  const lines = [
    'OSRELEASE=6.12.0-test',
    `SYMBOL(swapper_pg_dir)=${vaddrOf(PGD).toString(16)}`,
    'NUMBER(phys_base)=0',
  ];
  return { ram, physical: ramMemory(ram), lines };
}

/** Takes the second of its two large pages off its image: there is less to search. */
export function withoutSecondPage<T extends BuiltKernel>(kernel: T): T {
  kernel.ram.writeBigUInt64LE(0n, PMD + 8);
  return kernel;
}

/** Maps its first 2 MiB page by page, by entries that `entryOf` gives without their address. */
export function mapFirst2MiB({ ram }: BuiltKernel, entryOf: (page: number) => bigint): void {
  for (let page = 0; page < 512; page += 1) {
    ram.writeBigUInt64LE(entryOf(page) | (BigInt(page) << 12n), PAGE_TABLE + page * 8);
  }
  ram.writeBigUInt64LE(BigInt(PAGE_TABLE) | TABLE, PMD);
}

/** Bytes as the memory of a machine, from 0. */
export function ramMemory(ram: Buffer): PhysicalMemory {
  return {
    has: () => true,
    ranges: [physRange(0, ram.length)],
    read: (start, length) => {
      if (start + length <= ram.length) return ram.subarray(start, start + length);
      throw new MissingPageError(`Cannot read memory at 0x${start.toString(16)}: not there`);
    },
  };
}

/** The virtual address, in the kernel image, of an offset in memory. */
export function vaddrOf(offset: number): bigint {
  return START_KERNEL_MAP + BigInt(offset);
}

/** The symbols and types of a kernel that has none. */
export const NO_SYMBOLS = {
  kallsyms: { value: null, why: 'no kallsyms' },
  btf: { value: null, why: 'no BTF' },
} as const;

/** The reader of a built kernel. */
export function readerOf({ physical, lines }: Pick<BuiltKernel, 'physical' | 'lines'>): {
  memory: VirtualMemory;
  vmcoreinfo: Vmcoreinfo;
} {
  const vmcoreinfo = parseVmcoreinfo(Buffer.from(lines.join('\n')));
  return { memory: new VirtualMemory(physical, kernelPageTables(vmcoreinfo)), vmcoreinfo };
}

/** Writes words of 8 bytes. */
export function writeWords(ram: Buffer, offset: number, words: readonly (bigint | number)[]): void {
  for (const [index, word] of words.entries()) {
    ram.writeBigUInt64LE(BigInt.asUintN(64, BigInt(word)), offset + index * 8);
  }
}

/** Writes a text and a NUL, and gives its virtual address. */
export function writeText(ram: Buffer, offset: number, text: string): bigint {
  ram.write(`${text}\0`, offset, 'latin1');
  return vaddrOf(offset);
}
