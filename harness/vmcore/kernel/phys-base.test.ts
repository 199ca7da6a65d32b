// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../../memory/phys-range.ts';
import { bytesSource } from '../dump/byte-source.ts';
import { openVmcore } from '../dump/open-vmcore.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import { parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import { kdumpBytes, rawPage } from '../testing/kdump-builder.ts';
import { builtKernel, ramMemory, vaddrOf, writeWords } from '../testing/kernel-builder.ts';
import { elfCoreBytes } from '../testing/vmcore-builder.ts';
import { searchVmcoreinfo } from './find-vmcoreinfo.ts';
import { openKernel } from './kernel.ts';
import { findPhysBase } from './phys-base.ts';

/** As a kernel of 3.10 writes it: the symbol in place of its value, and the old name of the tables. */
const VARIABLE = 0x10_0000;
const LINES = [
  'OSRELEASE=3.10.0-1160.el7.x86_64',
  'PAGESIZE=4096',
  `SYMBOL(phys_base)=${vaddrOf(VARIABLE).toString(16)}`,
  `SYMBOL(init_level4_pgt)=${vaddrOf(0x1000).toString(16)}`,
  `SYMBOL(_stext)=${vaddrOf(0x8_0000).toString(16)}`,
];
const OLD = parseVmcoreinfo(Buffer.from(LINES.join('\n')));

/** A kernel of that form at some place; it is mapped at the start of the kernel image. */
function kernelAt(physBase: number): Buffer {
  const { ram } = builtKernel();
  const moved = Buffer.alloc(physBase + ram.length);
  ram.copy(moved, physBase);
  writeWords(moved, physBase + 0x1000 + 511 * 8, [(physBase + 0x2000) | 3]);
  writeWords(moved, physBase + 0x2000 + 510 * 8, [(physBase + 0x3000) | 3]);
  writeWords(moved, physBase + 0x3000, [physBase | 0x83, (physBase + 0x20_0000) | 0x83]);
  writeWords(moved, physBase + VARIABLE, [physBase]);
  return moved;
}

describe('findPhysBase()', () => {
  it.each([0, 0x20_0000, 0x120_0000])('finds a kernel at 0x%x by the variable itself', (base) => {
    expect(findPhysBase(ramMemory(kernelAt(base)), OLD)).toBe(base);
  });

  it('takes what is told if that leads to page tables, and no other', () => {
    const ram = kernelAt(0x60_0000);
    ram.fill(0, 0x60_0000 + VARIABLE, 0x60_0000 + VARIABLE + 8);
    const memory = ramMemory(ram);
    expect(findPhysBase(memory, OLD, [0x20_0000, 0x60_0000])).toBe(0x60_0000);
    expect(findPhysBase(memory, OLD, [0x20_0000, -(2 ** 63), 2 ** 53])).toBeUndefined();
    expect(findPhysBase(memory, OLD)).toBeUndefined();
  });

  it('takes the value in VMCOREINFO without a look at memory', () => {
    const info = parseVmcoreinfo(Buffer.from('NUMBER(phys_base)=-855638016'));
    expect(findPhysBase(ramMemory(Buffer.alloc(0)), info, [1])).toBe(-855638016);
  });

  it.each([
    { what: 'no page tables', lines: LINES.filter((line) => !line.includes('pgt')) },
    { what: 'no symbol', lines: LINES.filter((line) => !line.includes('phys_base')) },
    {
      what: 'a symbol outside the image',
      lines: LINES.map((line) => line.replace(/(?<=phys_base\)=).*/, '1000')),
    },
  ])('finds none with $what', ({ lines }) => {
    const memory = ramMemory(kernelAt(0x20_0000));
    expect(findPhysBase(memory, parseVmcoreinfo(Buffer.from(lines.join('\n'))))).toBeUndefined();
  });

  it('looks at no more places than a machine has, and at no page that is missing', () => {
    let looks = 0;
    const memory: PhysicalMemory = {
      ranges: [physRange(0, 2 ** 51)],
      has: () => {
        looks += 1;
        return false;
      },
      read: () => Buffer.alloc(8),
    };
    expect(findPhysBase(memory, OLD)).toBeUndefined();
    expect(looks).toBe(65_536);
  });
});

describe('a dump of a kernel before 4.10', () => {
  const ram = kernelAt(0x60_0000);
  // So that nothing but the headers can tell.
  ram.fill(0, 0x60_0000 + VARIABLE, 0x60_0000 + VARIABLE + 8);
  const note = { name: 'VMCOREINFO', type: 0, desc: Buffer.from(LINES.join('\n')) };
  const LOAD = { paddr: 0x60_0000, bytes: ram.subarray(0x60_0000) };
  const pageAt = (index: number): Buffer => ram.subarray(index * 0x1000, (index + 1) * 0x1000);
  const pages = [0x601, 0x602, 0x603].map((index) => rawPage(index, pageAt(index)));

  it('tells phys_base by the PT_LOAD of the kernel image', () => {
    const vaddr = vaddrOf(0);
    const dump = openVmcore(
      bytesSource(
        elfCoreBytes(
          [note],
          [
            { paddr: 0, vaddr: 0xffff8880n << 32n, bytes: ram.subarray(0, 0x1000) },
            { ...LOAD, vaddr },
          ],
        ),
      ),
    );
    expect(dump.physBases).toEqual([0x60_0000]);
    expect(openKernel(dump).memory.translate(vaddrOf(0x1234))).toBe(0x60_1234);
  });

  it('tells phys_base by the sub header', () => {
    const spec = { pages, vmcoreinfo: LINES.join('\n'), physBase: 0x60_0000 };
    const dump = openVmcore(bytesSource(kdumpBytes(spec)));
    expect(dump.physBases).toEqual([0x60_0000]);
    expect(openKernel(dump).memory.translate(vaddrOf(0x1234))).toBe(0x60_1234);
  });

  it('says what lacks if nothing tells', () => {
    const dump = openVmcore(bytesSource(elfCoreBytes([note], [LOAD])));
    expect(() => openKernel(dump)).toThrow(
      'expected NUMBER(phys_base) in VMCOREINFO, found its SYMBOL, as before 4.10, which no memory of the dump fits',
    );
  });

  it('is found by search, too', () => {
    const whole = kernelAt(0x60_0000);
    whole.write(`${LINES.join('\n')}\n`, 0x5_0000, 'latin1');
    expect(searchVmcoreinfo(ramMemory(whole)).kernels).toMatchObject([
      { physBase: 0x60_0000, places: [0x5_0000], agrees: false },
    ]);
  });
});
