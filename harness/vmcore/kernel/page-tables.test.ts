// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError, MissingPageError } from '../../errors.ts';
import { physAddr } from '../../memory/pfn.ts';
import { ramMemory } from '../testing/kernel-builder.ts';
import { kernelPageTables, walkPageTables } from './page-tables.ts';
import { parseVmcoreinfo } from '../dump/vmcoreinfo.ts';

/** Tables of level 5 to 1 at 0x1000 to 0x5000; each has one entry, at the index of its level. */
const ROOTS = { 5: 0x1000, 4: 0x2000 };
const PRESENT = 1n;
const RW = 2n;
const NX = 1n << 63n;
const PSE = 0x80n;
const PAT_OF_LARGE = 0x1000n;
const SME = 1n << 47n;

/** An address whose index is 1 at every level, and the offset 0x234. */
const VADDR = (1n << 48n) | (1n << 39n) | (1n << 30n) | (1n << 21n) | (1n << 12n) | 0x234n;
const VADDR_4 = BigInt.asUintN(48, VADDR);

function tables(entries: readonly bigint[], levels: 4 | 5 = 4, encryptionMask = 0n) {
  const ram = Buffer.alloc(0x6000);
  const root = ROOTS[levels];
  for (const [index, entry] of entries.entries()) {
    ram.writeBigUInt64LE(entry, root + index * 0x1000 + 8);
  }
  return { memory: ramMemory(ram), tables: { root: physAddr(root), levels, encryptionMask } };
}

const [PGD, PUD, PMD] = [0x3000n | PRESENT, 0x4000n | PRESENT, 0x5000n | PRESENT];

describe('walkPageTables()', () => {
  it.each([
    {
      what: 'a page of 4 KiB',
      entries: [PGD, PUD, PMD, 0xabcd_e000n | PRESENT],
      mapping: { paddr: 0xabcd_e234, bytes: 0xdcc },
    },
    {
      what: 'a page of 2 MiB, ignoring its PAT bit',
      entries: [PGD, PUD, 0xabc0_0000n | PAT_OF_LARGE | PSE | PRESENT],
      mapping: { paddr: 0xabc0_1234, bytes: 0x1f_edcc },
    },
    {
      what: 'a page of 1 GiB',
      entries: [PGD, 0x1_4000_0000n | PSE | PRESENT],
      mapping: { paddr: 0x1_4020_1234, bytes: 0x3fdf_edcc },
    },
    {
      what: 'a page, ignoring NX and other high bits',
      entries: [PGD, PUD, PMD, (1n << 63n) | (1n << 58n) | 0x7000n | PRESENT],
      mapping: { paddr: 0x7234, bytes: 0xdcc },
    },
    {
      what: 'a page with PAT at the last level, the bit of large pages above',
      entries: [PGD, PUD, PMD, 0x7000n | PSE | PRESENT],
      mapping: { paddr: 0x7234, bytes: 0xdcc },
    },
  ])('finds $what', ({ entries, mapping }) => {
    const { memory, tables: four } = tables(entries);
    expect(walkPageTables(memory, four, VADDR_4)).toMatchObject(mapping);
  });

  it('walks five levels', () => {
    const entries = [0x2000n, 0x3000n, 0x4000n, 0x5000n, 0x7000n].map((entry) => entry | PRESENT);
    const { memory, tables: five } = tables(entries, 5);
    expect(walkPageTables(memory, five, VADDR)).toMatchObject({ paddr: 0x7234, bytes: 0xdcc });
  });

  it.each([
    { bits: [RW, RW, RW, RW], isWritable: true, isExecutable: true },
    { bits: [RW, RW, RW, RW | NX], isWritable: true, isExecutable: false },
    { bits: [RW, RW, RW, 0n], isWritable: false, isExecutable: true },
    { bits: [RW, NX, RW, RW], isWritable: false, isExecutable: false },
  ])('tells what all entries allow: $isWritable, $isExecutable', ({ bits, ...access }) => {
    const entries = [PGD, PUD, PMD, 0x7000n | PRESENT].map((entry, at) => entry | (bits[at] ?? 0n));
    const { memory, tables: four } = tables(entries);
    expect(walkPageTables(memory, four, VADDR_4)).toMatchObject(access);
  });

  it('ignores the memory encryption bit', () => {
    const entries = [PGD, PUD, PMD, 0x7000n | PRESENT].map((entry) => entry | SME);
    const { memory, tables: encrypted } = tables(entries, 4, SME);
    expect(walkPageTables(memory, encrypted, VADDR_4).paddr).toBe(0x7234);
  });

  it.each([
    { entries: [0n], level: 4, at: '0x2008', entry: '0x0' },
    { entries: [PGD, 0x2n], level: 3, at: '0x3008', entry: '0x2' },
    { entries: [PGD, PUD, PMD, 0x7000n], level: 1, at: '0x5008', entry: '0x7000' },
  ])('says that level $level is not present', ({ entries, level, at, entry }) => {
    const { memory, tables: four } = tables(entries);
    expect(() => walkPageTables(memory, four, VADDR_4)).toThrow(
      new MissingPageError(
        `Cannot translate 0x8040201234: the level ${level} entry at ${at} is not present (${entry})`,
      ),
    );
  });

  it('does not read a table outside memory', () => {
    const { memory, tables: four } = tables([0xffff_ffff_f000n | PRESENT]);
    expect(() => walkPageTables(memory, four, VADDR_4)).toThrow(MissingPageError);
  });

  it.each([
    { levels: 4, vaddr: 0x8000_0000_0000n, bits: 48 },
    { levels: 4, vaddr: 0xff11_0000_0000_0000n, bits: 48 },
    { levels: 5, vaddr: 0x0100_0000_0000_0000n, bits: 57 },
    { levels: 4, vaddr: 1n << 64n, bits: 48 },
  ] as const)('refuses $vaddr with $levels levels', ({ levels, vaddr, bits }) => {
    const { memory, tables: some } = tables([], levels);
    expect(() => walkPageTables(memory, some, vaddr)).toThrow(
      new FormatError(
        `Cannot translate 0x${vaddr.toString(16)}: expected a canonical address of ${bits} bits`,
      ),
    );
  });
});

describe('kernelPageTables()', () => {
  const parse = (...lines: string[]) =>
    kernelPageTables(parseVmcoreinfo(Buffer.from(lines.join('\n'))));

  it('finds them in the kernel image, wherever KASLR put it', () => {
    const lines = [
      'SYMBOL(swapper_pg_dir)=ffffffffb4a0a000',
      'NUMBER(phys_base)=-855638016',
      'NUMBER(pgtable_l5_enabled)=1',
      'NUMBER(sme_mask)=140737488355328',
    ];
    expect(parse(...lines)).toEqual({ root: 0x1a0a000, levels: 5, encryptionMask: 1n << 47n });
  });

  it('accepts the name that they had before 4.13', () => {
    // As in a dump made with a peer's test-data maker.
    const lines = ['SYMBOL(init_level4_pgt)=ffffffff81010000', 'NUMBER(phys_base)=31457280'];
    expect(parse(...lines).root).toBe(0x2e1_0000);
  });

  it.each([
    {
      lines: ['NUMBER(phys_base)=0'],
      message: 'expected SYMBOL(swapper_pg_dir) in VMCOREINFO, found none',
    },
    {
      lines: ['SYMBOL(init_level4_pgt)=ffffffff81010000', 'SYMBOL(phys_base)=ffffffff81012000'],
      message:
        'expected NUMBER(phys_base) in VMCOREINFO, found its SYMBOL, as before 4.10, which no memory of the dump fits',
    },
    {
      lines: ['OSRELEASE=2.6.18'],
      message: 'expected SYMBOL(swapper_pg_dir) and NUMBER(phys_base) in VMCOREINFO, found none',
    },
    {
      lines: ['SYMBOL(init_top_pgt)=ffffffff80000800', 'NUMBER(phys_base)=0'],
      message:
        'expected a page of memory, found the top one at 0xffffffff80000800 with phys_base 0',
    },
    {
      lines: ['SYMBOL(init_top_pgt)=1000', 'NUMBER(phys_base)=0'],
      message: 'expected a page of memory, found the top one at 0x1000 with phys_base 0',
    },
  ])('refuses $lines', ({ lines, message }) => {
    expect(() => parse(...lines)).toThrow(
      new FormatError(`Cannot find the page tables: ${message}`),
    );
  });
});
