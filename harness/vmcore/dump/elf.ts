// SPDX-License-Identifier: MIT
/** Headers of ELF64 core files such as `/proc/vmcore` (System V ABI, "Program Header"; elf(5)). */
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import {
  type PhysAddr,
  PHYS_ADDR_LIMIT,
  type VirtAddr,
  hex,
  physAddr,
  virtAddr,
} from '../../memory/pfn.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteSource } from './byte-source.ts';

/** The headers of an ELF core file; offsets and sizes in bytes. */
export interface ElfCore {
  /** The PT_NOTE segments. */
  readonly notes: readonly ElfExtent[];
  /** The PT_LOAD segments in the order of the program headers. */
  readonly loads: readonly ElfLoad[];
}

/** A part of the file. */
interface ElfExtent {
  readonly offset: number;
  readonly fileBytes: number;
}

/** A PT_LOAD: `memoryBytes` of physical memory, of which the file has the first `fileBytes`. */
export interface ElfLoad extends ElfExtent {
  readonly paddr: PhysAddr;
  readonly vaddr: VirtAddr;
  readonly memoryBytes: number;
}

const ELF_MAGIC = '\x7fELF';
const [ELFCLASS32, ELFCLASS64] = [1, 2];
const [ELFDATA2LSB, ELFDATA2MSB] = [1, 2];
const ET_CORE = 4;
const EM_X86_64 = 62;
/** Types of program headers. */
export const PT_LOAD = 1;
export const PT_NOTE = 4;
/** Then the number of program headers is in a section header; no machine's dump has so many. */
const PN_XNUM = 0xffff;

/** Sizes of `Elf64_Ehdr` and `Elf64_Phdr`. */
export const EHDR_BYTES = 64;
export const PHDR_BYTES = 56;

/** Machines whose dumps a user may try, by `e_machine`. */
const MACHINES: Readonly<Record<number, string>> = {
  2: 'SPARC',
  3: 'i386',
  8: 'MIPS',
  15: 'PA-RISC',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'ARM',
  42: 'SuperH',
  43: 'sparc64',
  50: 'IA-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
  36_902: 'Alpha',
};

const CLASSES: Readonly<Record<number, string>> = { [ELFCLASS32]: 'a 32-bit one' };
const BYTE_ORDERS: Readonly<Record<number, string>> = { [ELFDATA2MSB]: 'a big-endian one' };

/** Files that are no core, by `e_type`. */
const FILE_TYPES: Readonly<Record<number, string>> = {
  1: 'an object file',
  2: 'a program, such as vmlinux',
  3: 'a program or a library',
};

/** Whether the bytes begin an ELF file. */
export function isElf(head: Uint8Array): boolean {
  return Buffer.from(head.subarray(0, 4)).toString('latin1') === ELF_MAGIC;
}

/**
 * Reads the headers of an ELF64 core file of an x86-64 machine. Throws `FormatError`, or
 * `UnsupportedFormatError` with the name of what the file is instead.
 */
export function readElfCore(source: ByteSource): ElfCore {
  const head = source.read(0, Math.min(EHDR_BYTES, source.size));
  requireOurs(head);
  const { e_phoff, e_phentsize, e_phnum } = readEhdr(head);
  if (e_phentsize !== PHDR_BYTES || e_phnum === PN_XNUM) {
    throw new FormatError(
      `Cannot read Elf64_Ehdr: expected fewer than ${PN_XNUM} program headers of ${PHDR_BYTES} ` +
        `bytes, found ${e_phnum} of ${e_phentsize}`,
    );
  }
  const length = Math.max(0, Math.min(e_phnum * PHDR_BYTES, source.size - e_phoff));
  const table = new ByteReader(source.read(e_phoff, length), 'Elf64_Phdr', e_phoff);
  const headers = Array.from({ length: e_phnum }, () => readPhdr(table));
  return {
    notes: headers.filter(({ p_type }) => p_type === PT_NOTE).map(extentOf),
    loads: headers.filter(({ p_type }) => p_type === PT_LOAD).map(loadOf),
  };
}

function requireOurs(head: Uint8Array): void {
  if (!isElf(head))
    throw new FormatError('Cannot read an ELF core file: it does not begin like one');
  const reader = new ByteReader(head, 'Elf64_Ehdr');
  reader.skip(4);
  const [ei_class, ei_data] = [reader.u8(), reader.u8()];
  reader.skip(10);
  const u16 = (): number => (ei_data === ELFDATA2MSB ? swapped(reader.u16()) : reader.u16());
  const [e_type, e_machine] = [u16(), u16()];
  const found = [
    ...(ei_class === ELFCLASS64 ? [] : [CLASSES[ei_class] ?? `one of class ${ei_class}`]),
    ...(ei_data === ELFDATA2LSB ? [] : [BYTE_ORDERS[ei_data] ?? `one of byte order ${ei_data}`]),
    ...(e_type === ET_CORE ? [] : [FILE_TYPES[e_type] ?? `not a core file (e_type ${e_type})`]),
    ...(e_machine === EM_X86_64 ? [] : [`one of ${MACHINES[e_machine] ?? `machine ${e_machine}`}`]),
  ];
  if (found.length === 0) return;
  throw new UnsupportedFormatError(
    `Cannot read this ELF file: expected a 64-bit core file of x86-64, found ${found.join(', ')}`,
  );
}

function swapped(value: number): number {
  return ((value & 0xff) << 8) | (value >> 8);
}

function readEhdr(head: Uint8Array): { e_phoff: number; e_phentsize: number; e_phnum: number } {
  const reader = new ByteReader(head, 'Elf64_Ehdr');
  reader.skip(32);
  const e_phoff = reader.size();
  reader.skip(14);
  return { e_phoff, e_phentsize: reader.u16(), e_phnum: reader.u16() };
}

function readPhdr(reader: ByteReader): {
  readonly p_type: number;
  readonly p_offset: number;
  readonly p_vaddr: bigint;
  readonly p_paddr: number;
  readonly p_filesz: number;
  readonly p_memsz: number;
} {
  const p_type = reader.u32();
  reader.skip(4);
  const p_offset = reader.size();
  const p_vaddr = reader.u64();
  // Not a `size()`: it is any number where it has no meaning, as for notes.
  const p_paddr = Number(reader.u64());
  const p_filesz = reader.size();
  const p_memsz = reader.size();
  reader.skip(8);
  return { p_type, p_offset, p_vaddr, p_paddr, p_filesz, p_memsz };
}

type Phdr = ReturnType<typeof readPhdr>;

function extentOf({ p_offset, p_filesz }: Phdr): ElfExtent {
  return { offset: p_offset, fileBytes: p_filesz };
}

function loadOf(phdr: Phdr): ElfLoad {
  const { p_vaddr, p_paddr, p_memsz, p_filesz } = phdr;
  if (p_paddr + p_memsz > PHYS_ADDR_LIMIT || p_filesz > p_memsz) {
    throw new FormatError(
      `Cannot read Elf64_Phdr: expected memory below 2^52 and no larger in the file, found ` +
        `p_paddr ${hex(p_paddr)}, p_memsz ${hex(p_memsz)}, p_filesz ${hex(p_filesz)}`,
    );
  }
  const paddr = physAddr(p_paddr);
  return { ...extentOf(phdr), paddr, vaddr: virtAddr(p_vaddr), memoryBytes: p_memsz };
}
