// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { bytesSource } from './byte-source.ts';
import { elfHeaders } from '../testing/elf-builder.ts';
import { readElfCore } from './elf.ts';

const NOTES = { type: 4, offset: 0x1000, fileBytes: 0x500, memoryBytes: 0x500 };
const LOW = { offset: 0x2000, vaddr: 0xffff888000001000n, paddr: 0x1000, memoryBytes: 0x9f000 };

describe('readElfCore()', () => {
  it('gives notes and memory, and ignores other program headers', () => {
    const core = readElfCore(bytesSource(elfHeaders([NOTES, { type: 6 }, LOW])));
    expect(core).toEqual({
      notes: [{ offset: 0x1000, fileBytes: 0x500 }],
      loads: [
        {
          offset: 0x2000,
          fileBytes: 0x9f000,
          paddr: 0x1000,
          vaddr: 0xffff888000001000n,
          memoryBytes: 0x9f000,
        },
      ],
    });
  });

  it.each([
    { cut: 1, message: 'Cannot read Elf64_Phdr: expected 8 bytes at offset 0xa8, found 7' },
    { cut: 60, message: 'Cannot read Elf64_Phdr: expected 8 bytes at offset 0x70, found 4' },
    { cut: 119, message: 'Cannot read Elf64_Ehdr: expected 2 bytes at offset 0x38, found 1' },
    { cut: 174, message: 'Cannot read an ELF core file: it does not begin like one' },
  ])('refuses headers cut by $cut bytes', ({ cut, message }) => {
    const source = bytesSource(elfHeaders([NOTES, LOW]).subarray(0, -cut));
    expect(() => readElfCore(source)).toThrow(new FormatError(message));
  });

  it.each([
    { what: { elfClass: 1, machine: 3 }, found: 'a 32-bit one, one of i386' },
    { what: { elfClass: 1, machine: 40 }, found: 'a 32-bit one, one of ARM' },
    { what: { data: 2 }, found: 'a big-endian one' },
    // As a dump made with a peer's test-data maker.
    { what: { data: 2, machine: 21 }, found: 'a big-endian one, one of ppc64' },
    { what: { data: 2, machine: 22 }, found: 'a big-endian one, one of s390x' },
    {
      what: { data: 2, elfClass: 1, machine: 20 },
      found: 'a 32-bit one, a big-endian one, one of ppc',
    },
    {
      what: { data: 2, type: 2, machine: 2 },
      found: 'a big-endian one, a program, such as vmlinux, one of SPARC',
    },
    { what: { data: 1, machine: 21 }, found: 'one of ppc64' },
    { what: { machine: 183 }, found: 'one of AArch64' },
    { what: { machine: 243 }, found: 'one of RISC-V' },
    { what: { elfClass: 1, machine: 62 }, found: 'a 32-bit one' },
    { what: { data: 3 }, found: 'one of byte order 3' },
    { what: { elfClass: 0 }, found: 'one of class 0' },
    { what: { type: 1 }, found: 'an object file' },
    { what: { type: 2 }, found: 'a program, such as vmlinux' },
    { what: { type: 1024 }, found: 'not a core file (e_type 1024)' },
    { what: { machine: 999 }, found: 'one of machine 999' },
  ])('names what it is instead: $found', ({ what, found }) => {
    expect(() => readElfCore(bytesSource(elfHeaders([LOW], what)))).toThrow(
      new UnsupportedFormatError(
        `Cannot read this ELF file: expected a 64-bit core file of x86-64, found ${found}`,
      ),
    );
  });

  it.each([
    {
      headers: elfHeaders([LOW], { phentsize: 32 }),
      message:
        'Cannot read Elf64_Ehdr: expected fewer than 65535 program headers of 56 bytes, found 1 of 32',
    },
    {
      headers: elfHeaders([{ ...LOW, paddr: 2 ** 52 }]),
      message:
        'Cannot read Elf64_Phdr: expected memory below 2^52 and no larger in the file, found p_paddr 0x10000000000000, p_memsz 0x9f000, p_filesz 0x9f000',
    },
    {
      headers: elfHeaders([{ ...LOW, fileBytes: 0xa0000 }]),
      message:
        'Cannot read Elf64_Phdr: expected memory below 2^52 and no larger in the file, found p_paddr 0x1000, p_memsz 0x9f000, p_filesz 0xa0000',
    },
    {
      headers: elfHeaders([{ ...LOW, offset: 2 ** 53 }]),
      message:
        'Cannot read Elf64_Phdr: expected a size below 2^53 at offset 0x48, found 0x20000000000000',
    },
  ])('refuses headers that lie: $message', ({ headers, message }) => {
    expect(() => readElfCore(bytesSource(headers))).toThrow(new FormatError(message));
  });
});
