// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { MissingPageError } from '../../errors.ts';
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { bytesSource } from '../dump/byte-source.ts';
import { openVmcore } from '../dump/open-vmcore.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { CpuRegisters } from '../dump/prstatus.ts';
import { kdumpBytes, zlibPage } from '../testing/kdump-builder.ts';
import {
  RAM_BYTES,
  builtKernel,
  ramMemory,
  vaddrOf,
  writeWords,
} from '../testing/kernel-builder.ts';
import { elfCoreBytes, flattenedBytes } from '../testing/vmcore-builder.ts';
import { findVmcoreinfo, searchVmcoreinfo } from './find-vmcoreinfo.ts';
import { findVmcoreinfoTexts } from './vmcoreinfo-texts.ts';

/** Offsets of `init_uts_ns`, of `vmcoreinfo_data`, and of tables of another kernel. */
const UTS = 0x20_0000;
const DATA = 0x30_0000;
const OTHER_TABLES = 0x8000;

const LINES = [
  'OSRELEASE=6.12.0-test',
  'BUILD-ID=0123456789abcdef',
  'PAGESIZE=4096',
  `SYMBOL(init_uts_ns)=${vaddrOf(UTS).toString(16)}`,
  `SYMBOL(swapper_pg_dir)=${vaddrOf(0x1000).toString(16)}`,
  `SYMBOL(_stext)=${vaddrOf(0x10_0000).toString(16)}`,
  'NUMBER(phys_base)=0',
];

/** A kernel with the release of its VMCOREINFO, which is nowhere in memory yet. */
function kernel(release = '6.12.0-test'): Buffer {
  const { ram } = builtKernel();
  writeUts(ram, UTS, release);
  return ram;
}

function writeUts(ram: Buffer, at: number, release: string): void {
  ram.write('Linux\0', at, 'latin1');
  ram.write(`${release}\0`, at + 130, 'latin1');
}

function put(ram: Buffer, at: number, lines: readonly string[] = LINES): void {
  ram.write(`${lines.join('\n')}\n`, at, 'latin1');
}

/** Lines with some of them changed, by what is before the equals sign. */
function withLines(changes: Readonly<Record<string, string>>): string[] {
  return LINES.map((line) => {
    const [key = ''] = line.split('=');
    return `${key}=${changes[key] ?? line.slice(key.length + 1)}`;
  });
}

/** Tables of a kernel that is mapped where the first is, but lies 2 MiB higher. */
function addOtherKernel(ram: Buffer): string[] {
  const at = OTHER_TABLES + 0x20_0000;
  writeWords(ram, at + 511 * 8, [(at + 0x1000) | 3]);
  writeWords(ram, at + 0x1000 + 510 * 8, [(at + 0x2000) | 3]);
  writeWords(ram, at + 0x2000, [0x20_0083]);
  writeUts(ram, 0x20_0000 + 0x1_0000, '6.1.0-old');
  return withLines({
    OSRELEASE: '6.1.0-old',
    'SYMBOL(init_uts_ns)': vaddrOf(0x1_0000).toString(16),
    'SYMBOL(swapper_pg_dir)': vaddrOf(OTHER_TABLES).toString(16),
    'NUMBER(phys_base)': String(0x20_0000),
  });
}

function cpu(fields: { readonly cr3?: bigint; readonly ip?: bigint }): CpuRegisters {
  const registers = { ip: fields.ip ?? 0n } as CpuRegisters['registers'];
  return { pid: 1, registers, ...(fields.cr3 === undefined ? {} : { cr3: fields.cr3 }) };
}

const search = (ram: Buffer, cpus: readonly CpuRegisters[] = []) =>
  searchVmcoreinfo(ramMemory(ram), cpus);

describe('searchVmcoreinfo()', () => {
  it.each([
    { what: 'in a page of its own', at: DATA },
    { what: 'in a note', at: DATA + 0x18 },
    { what: 'across two pages', at: DATA + PAGE_SIZE - 20 },
    { what: 'across two chunks', at: 0x10_0000 - 4 },
    { what: 'across two chunks, cut in its lines', at: 0x10_0000 - 40 },
    { what: 'at the very end', at: RAM_BYTES - LINES.join('\n').length - 1 },
  ])('finds a text $what', ({ at }) => {
    const ram = kernel();
    put(ram, at);
    expect(search(ram)).toMatchObject({
      kernels: [{ places: [at], physBase: 0, agrees: true }],
      ambiguous: false,
      texts: 1,
      searchedBytes: RAM_BYTES,
      cutOff: false,
    });
    expect(findVmcoreinfo(ramMemory(ram))?.fields.size).toBe(LINES.length);
  });

  it.each([
    { what: 'a format string of the kernel', lines: ['OSRELEASE=%s', 'PAGESIZE=%ld'] },
    { what: 'a text of a kernel with other pages', lines: withLines({ PAGESIZE: '65536' }) },
    { what: 'the first key alone', lines: ['OSRELEASE=6.12.0-test'] },
    {
      what: 'a text whose page tables do not map themselves',
      lines: withLines({ 'SYMBOL(swapper_pg_dir)': vaddrOf(0x2000).toString(16) }),
    },
    {
      what: 'a text of the same kernel before KASLR moved it',
      lines: withLines({ 'NUMBER(phys_base)': '2097152' }),
    },
    {
      what: 'a text whose kernel image is not mapped',
      lines: withLines({ 'SYMBOL(_stext)': vaddrOf(0x80_0000).toString(16) }),
    },
    { what: 'a text of another release', lines: withLines({ OSRELEASE: '6.1.0' }) },
    { what: 'a number that is none', lines: withLines({ 'NUMBER(phys_base)': 'x' }) },
    { what: 'an address that is none', lines: withLines({ 'SYMBOL(swapper_pg_dir)': 'x' }) },
  ])('finds nothing in $what', ({ lines }) => {
    const ram = kernel();
    // Where the kernel lies 2 MiB higher there is nothing.
    ram.fill(0, 0x20_1000, DATA);
    put(ram, DATA, lines);
    expect(search(ram).kernels).toEqual([]);
  });

  it('goes on after a text with a number that is none', () => {
    const ram = kernel();
    put(ram, DATA, ['OSRELEASE=6.12.0-test', 'PAGESIZE=4096', 'PAGESIZE=x']);
    put(ram, DATA + 0x2000);
    expect(search(ram)).toMatchObject({ kernels: [{ places: [DATA + 0x2000] }], texts: 2 });
  });

  it('tells two texts apart of which one follows the other', () => {
    const ram = kernel();
    put(ram, DATA, [...withLines({ OSRELEASE: '6.1.0-other' }), ...LINES]);
    const { kernels, texts } = search(ram);
    expect(kernels.map(({ vmcoreinfo }) => vmcoreinfo.release)).toEqual(['6.12.0-test']);
    expect(texts).toBe(2);
  });

  it('takes a kernel whose data is gone for none', () => {
    const ram = kernel();
    put(ram, DATA);
    ram.fill(0, UTS, UTS + 512);
    expect(search(ram)).toMatchObject({ kernels: [], texts: 1 });
  });

  it('takes the fullest of several copies, without the time of the crash', () => {
    const ram = kernel();
    put(ram, DATA, [...LINES, 'CRASHTIME=1700000000']);
    put(ram, DATA + 0x2000, LINES);
    put(ram, DATA + 0x4000, [...LINES, 'SYMBOL(prb)=ffffffff80100000', 'cut in a li']);
    put(ram, DATA + 0x6000, LINES.slice(0, 3));
    const { kernels, texts, ambiguous } = search(ram);
    expect(kernels.map(({ places }) => places)).toEqual([[DATA, DATA + 0x2000, DATA + 0x4000]]);
    expect([...(kernels[0]?.vmcoreinfo.fields.keys() ?? [])].at(-1)).toBe('SYMBOL(prb)');
    expect({ texts, ambiguous }).toEqual({ texts: 3, ambiguous: false });
  });

  it.each([
    { what: 'page tables of a CPU', cpus: [cpu({ cr3: 0x20_8000n })], first: '6.1.0-old' },
    { what: 'page tables in user mode', cpus: [cpu({ cr3: 0x20_9000n })], first: '6.1.0-old' },
    { what: 'page tables of a CPU', cpus: [cpu({ cr3: 0x1000n })], first: '6.12.0-test' },
    { what: 'instruction of a CPU', cpus: [cpu({ ip: vaddrOf(0x20_0000) })], first: '6.12.0-test' },
  ])('takes the kernel that runs, by the $what: $first', ({ cpus, first }) => {
    const ram = kernel();
    put(ram, DATA);
    put(ram, DATA + 0x2000, addOtherKernel(ram));
    const { kernels, ambiguous } = search(ram, cpus);
    expect(kernels.map(({ vmcoreinfo }) => vmcoreinfo.release)).toHaveLength(2);
    expect(kernels[0]).toMatchObject({ vmcoreinfo: { release: first }, cpus: 1 });
    expect({ second: kernels[1]?.cpus, ambiguous }).toEqual({ second: 0, ambiguous: false });
  });

  it.each([
    { what: 'without registers', cpus: [] },
    { what: 'of a CPU in user mode', cpus: [cpu({ ip: 0x40_0000n })] },
    { what: 'of a CPU that both map', cpus: [cpu({ ip: vaddrOf(0x10_0000) })] },
    { what: 'of a CPU without sound tables', cpus: [cpu({ cr3: 0xf_ffff_ffff_f000n })] },
  ])('says that it cannot tell two kernels apart $what, and takes the fuller one', ({ cpus }) => {
    const ram = kernel();
    put(ram, DATA);
    put(ram, DATA + 0x2000, addOtherKernel(ram));
    put(ram, DATA + 0x3000, addOtherKernel(ram));
    const { kernels, ambiguous } = search(ram, cpus);
    expect([kernels[0]?.vmcoreinfo.release, ambiguous]).toEqual(['6.1.0-old', true]);
  });

  it.each([
    { form: 'ELF', bytes: elf },
    { form: 'kdump-compressed', bytes: kdump },
    { form: 'flattened', bytes: (ram: Buffer) => flattenedBytes(kdump(ram), 30_000) },
  ])('reads a dump in the format $form', ({ bytes }) => {
    const ram = kernel();
    put(ram, DATA);
    const { memory, vmcoreinfo } = openVmcore(bytesSource(bytes(ram)));
    expect(vmcoreinfo).toBeNull();
    expect(findVmcoreinfo(memory)?.release).toBe('6.12.0-test');
  });

  it.each([
    { what: 'before and behind it', lost: [0x111, 0x112, 0x1ff], agrees: true },
    { what: 'with the release in the kernel', lost: [UTS / PAGE_SIZE], agrees: false },
  ])('goes on where pages are missing: $what', ({ lost, agrees }) => {
    const ram = kernel();
    put(ram, DATA);
    const memory: PhysicalMemory = {
      ranges: [physRange(0, RAM_BYTES), physRange(2 ** 40, 2 ** 40 + 100)],
      has: (page) => !lost.includes(page),
      read: (start, length) => {
        const last = Math.floor((start + length - 1) / PAGE_SIZE);
        for (let page = Math.floor(start / PAGE_SIZE); page <= last; page += 1) {
          if (lost.includes(page) || page >= 2 ** 28) throw new MissingPageError(`no page ${page}`);
        }
        return ram.subarray(start, start + length);
      },
    };
    expect(searchVmcoreinfo(memory).kernels).toMatchObject([{ places: [DATA], agrees }]);
  });
});

describe('searchVmcoreinfo() and memory that is made to mislead it', () => {
  it('keeps no more texts than a machine can have', () => {
    const ram = kernel();
    for (let index = 0; index < 2000; index += 1) {
      put(ram, 0x20_1000 + index * 128, [`OSRELEASE=6.${index}`, 'PAGESIZE=4096', '', '']);
    }
    expect(search(ram)).toMatchObject({ kernels: [], texts: 1024, cutOff: true });
  });

  it('looks at no more places than a machine can have', () => {
    const ram = kernel();
    ram.fill('OSRELEASE=', 0x20_1000);
    expect(search(ram)).toMatchObject({ texts: 0, cutOff: true });
  });

  it('ends at a limit', () => {
    const ram = kernel();
    const limit = 0x20_0000;
    put(ram, limit - 4);
    expect(findVmcoreinfoTexts(ramMemory(ram), limit)).toMatchObject({
      texts: [{ places: [limit - 4] }],
      searchedBytes: limit,
      cutOff: true,
    });
    put(ram, limit - 4, ['no text']);
    put(ram, limit);
    expect(findVmcoreinfoTexts(ramMemory(ram), limit)).toMatchObject({ texts: [], cutOff: true });
  });
});

/** The memory as pages of a file, without any note. */
function elf(ram: Buffer): Uint8Array {
  return elfCoreBytes([], [{ paddr: 0, bytes: ram }]);
}

function kdump(ram: Buffer): Uint8Array {
  const all = Array.from({ length: RAM_BYTES / PAGE_SIZE }, (_, index) => index);
  const data = (index: number): Buffer => ram.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE);
  const pages = all.filter((index) => data(index).some((byte) => byte !== 0));
  return kdumpBytes({
    pages: pages.map((index) => zlibPage(index, data(index))),
    filtered: all.filter((index) => !pages.includes(index)),
  });
}
