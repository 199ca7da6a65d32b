// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { bootParamsBytes, efiMapBytes } from '../../memory/testing/efi-memory-map-builder.ts';
import { physRange } from '../../memory/phys-range.ts';
import { PLAIN_MACHINE } from '../../model/model-inputs.ts';
import { type BundleSpec, buildEvidence, diedSaying, ended } from '../testing/bundle-builder.ts';
import { findModelInputs } from './model-inputs.ts';
import { reportText } from '../testing/personality-cases.ts';

const SPEC = { layout: 'thread-2021' };
const REPORT = reportText({ bda: '0x2c00 0x9f' });
const EXIT = [
  { range: physRange(0, 0x10000), type: 7, attribute: 0xfn },
  { range: physRange(0x10000, 0x14000), type: 4, attribute: 0xfn },
  { range: physRange(0x14000, 0x63000), type: 7, attribute: 0xfn },
  { range: physRange(0x63000, 0x8f000), type: 4, attribute: 0xfn },
  { range: physRange(0x8f000, 0xa0000), type: 7, attribute: 0xfn },
  { range: physRange(0x10_0000, 0x4000_0000), type: 7, attribute: 0xfn },
];
const E820_LINE = '[ 0.0] BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable\n';

/** A cell with the layout of 2021 whose kernel died at boot, having printed this. */
function died(log: string, report: string | null = REPORT): BundleSpec {
  const files = { ...diedSaying(`Linux version 6.12\n${log}`), 'personality.log': report };
  return { spec: SPEC, outcome: ended('boot'), files };
}

function inputs(bundle: BundleSpec): ReturnType<typeof findModelInputs> {
  return findModelInputs(buildEvidence(bundle));
}

describe('what the model is given of a kernel that died', () => {
  it('is what its firmware reported', () => {
    expect(inputs(died(''))).toEqual({
      value: {
        ...PLAIN_MACHINE,
        e820: EXIT.map(({ range }) => ({ range, ram: true })),
        efiMap: EXIT,
        biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0x9f },
        cmdline: 'panic=-1 ',
      },
    });
  });

  it('has the e820 map that it printed itself, not that of a capture kernel', () => {
    const capture = 'Linux version 6.12\nBIOS-e820: [mem 0x1000-0x1fff] usable\n';
    const e820 = [{ range: physRange(0, 0xa0000), ram: true }];
    expect(inputs(died(E820_LINE + capture)).value).toMatchObject({ e820 });
  });

  it.each<{ report: string; bundle: BundleSpec; why: string }>([
    {
      report: 'cut before its end',
      bundle: died(E820_LINE, reportText({ last: null })),
      why: 'The cell left no system/boot-params',
    },
    {
      report: 'cut, and the console says nothing of e820',
      bundle: died('', reportText({ last: null })),
      why: 'The cell left no system/dmesg',
    },
    {
      report: 'without a map',
      bundle: died(E820_LINE, 'sub1m-personality 1\nbda 0x0 0x0\ndone\n'),
      why: 'The cell left no system/boot-params',
    },
    {
      report: 'without the words of the BIOS',
      bundle: died(E820_LINE, REPORT.replace(/^bda.*\n/m, '')),
      why: 'The cell left no system/page0.bin',
    },
    {
      report: 'not there',
      bundle: died(E820_LINE, null),
      why: 'The cell left no system/boot-params',
    },
    {
      report: "of a stock cell, so that it must be the guest's own",
      bundle: { ...died(E820_LINE), spec: { layout: 'stock' } },
      why: 'The cell left no system/boot-params',
    },
  ])('is too little when the report is $report', ({ bundle, why }) => {
    expect(inputs(bundle)).toEqual({ value: null, why });
  });
});

describe('what the model is given', () => {
  it('is what the kernel was asked for, whatever the firmware reported', () => {
    const found = inputs({ spec: SPEC, files: { 'personality.log': REPORT } });
    expect(found.value).toMatchObject({
      efiMap: [{ range: physRange(0, 0xa0000) }],
      biosWords: { ebdaSegment: 0, baseMemoryKiB: 0 },
    });
  });

  it.each(['efi_fake_mem=64K@64K:0x10000', 'alloc_mptable', 'add_efi_memmap'])(
    'is nothing where the model does not know what a parameter does: %s',
    (append) => {
      const name = append.split('=')[0];
      const why = `The model does not know what ${name} does`;
      expect(inputs({ spec: { append } })).toEqual({ value: null, why });
    },
  );

  it.each([
    { prefix: '', mem: '[mem 0x00050000-0x00057fff]', range: '0x50000-0x57fff' },
    { prefix: 'e820: ', mem: '[mem 0x0000000000-0x0000000fff]', range: '0x0-0xfff' },
  ])('is nothing where the e820 map has no room for $range', ({ prefix, mem, range }) => {
    const dmesg = (line: string): string =>
      `[ 0.0] Linux version 6.12\n${E820_LINE}[ 0.0] ${prefix}too many entries; ignoring ${line}\n`;
    const high = '[mem 0x200f1000-0x200f3fff]';
    const why = `The kernel's e820 map has no room for ${range}, so nobody knows what it makes of it`;
    expect(inputs({ spec: {}, files: { 'system/dmesg': dmesg(mem) } })).toEqual({
      value: null,
      why,
    });
    expect(inputs({ spec: {}, files: { 'system/dmesg': dmesg(high) } }).value).not.toBeNull();
  });

  it('has the mark of a firmware on boot services, and not that of the kernel', () => {
    const marked = 0x8000_0000_0000_000fn;
    const map = [
      { type: 4, start: 0x10000n, pages: 4n, attribute: marked },
      { type: 4, start: 0x63000n, pages: 0x2cn, attribute: marked },
    ];
    const files = {
      'system/efi-memory-map.bin': efiMapBytes(map),
      'personality.log': REPORT.replace(
        'exit 0x10000-0x13fff 4 0xf',
        `exit 0x10000-0x13fff 4 ${marked}`,
      ),
    };
    expect(inputs({ spec: SPEC, files }).value?.efiMap).toMatchObject([
      { attribute: marked },
      { attribute: 0xfn },
    ]);
    const unheard = inputs({ files: { ...files, 'personality.log': null } }).value;
    expect(unheard?.efiMap).toMatchObject([{ attribute: 0xfn }, { attribute: 0xfn }]);
  });

  it('has the tables and the faults that the firmware was given', () => {
    const lines = ['esrt 0x3db0b000-0x3db0b037', 'bgrt 0x3db0a000-0x3db0afff', 'svam 0x1-0xb'];
    const log = 'Linux version 6\nefi: ESRT=0x3db0b000\nACPI: BGRT 0x3f77a000\n';
    const files = { 'personality.log': reportText({ lines }), 'system/dmesg': log };
    expect(inputs({ spec: SPEC, files }).value).toMatchObject({
      keptTables: {
        esrt: physRange(0x3db0_b000, 0x3db0_b038),
        mokvar: null,
        bgrt: physRange(0x3db0_a000, 0x3db0_b000),
      },
      setVirtualAddressMapFails: true,
    });
    expect(inputs({}).value).toMatchObject({
      keptTables: { esrt: null, mokvar: null, bgrt: null },
      setVirtualAddressMapFails: false,
    });
  });

  it('has what the kernel was loaded with: its image, the initrd in whole pages, the map', () => {
    const bootParams = Buffer.from(bootParamsBytes({ address: 0x3f77_2040, size: 0x17d0 }));
    bootParams.writeUInt32LE(0x3cb0_a000, 0x218);
    bootParams.writeUInt32LE(0x65_4600, 0x21c);
    const iomem = `00100000-3ea89fff : System RAM
  13600000-14401ef1 : Kernel code
  14600000-150fffff : Kernel rodata
  158b1000-15dfffff : Kernel bss
`;
    const files = {
      'system/boot-params': bootParams,
      'system/iomem': iomem,
      'system/efi-memory-map.bin': new Uint8Array(48),
    };
    expect(inputs({ files }).value?.earlyReservations).toEqual([
      physRange(0x1360_0000, 0x15e0_0000),
      physRange(0x3cb0_a000, 0x3d15_f000),
      physRange(0x3f77_2040, 0x3f77_3810),
    ]);
  });

  it.each([
    { what: 'no kernel', iomem: '00100000-3ea89fff : System RAM\n' },
    { what: 'half a kernel', iomem: '13600000-14401ef1 : Kernel code\n' },
    { what: 'a kernel upside down', iomem: '2000-2fff : Kernel code\n1000-1fff : Kernel bss\n' },
  ])('is without the image when iomem has $what', ({ iomem }) => {
    const found = inputs({ files: { 'system/iomem': iomem } });
    expect(found.value?.earlyReservations).toEqual([physRange(0x3d00_0000, 0x3d00_0030)]);
  });
});

describe("a table of the firmware's own", () => {
  const ESRT = '[ 0.0] efi: ACPI=0x3f77d000 ESRT=0x9b772a18 MEMATTR=0x3d40e518 \n';
  const RESERVING = '[ 0.0] esrt: Reserving ESRT space from 0x9b772a18 to 0x9b772a50.\n';
  const MOKVAR = '[ 0.0] efi: MOKvar=0x15000 \n';
  const IN_BOOT_SERVICES = reportText({ exit: ['0x0-0x9ffff 4'] });
  const lost = (what: string): string =>
    `The firmware has ${what}, and nothing says which memory the kernel keeps for it`;

  /** A stock cell whose kernel logged this. */
  const logged = (log: string, append = ''): BundleSpec => ({
    spec: { append },
    files: { 'system/dmesg': `Linux version 6.12\n${log}` },
  });

  it('is known where the log of the kernel says which memory it keeps', () => {
    expect(inputs(logged(ESRT + RESERVING)).value?.keptTables).toEqual({
      esrt: physRange(0x9b77_2a18, 0x9b77_2a50),
      mokvar: null,
      bgrt: null,
    });
  });

  it('is known from the console when the log has lost its beginning', () => {
    const files = {
      'system/dmesg': 'late\n',
      'console.log': `Linux version 6\n${ESRT}${RESERVING}`,
    };
    const esrt = physRange(0x9b77_2a18, 0x9b77_2a50);
    expect(inputs({ files }).value?.keptTables).toMatchObject({ esrt });
  });

  it.each<{ table: string; bundle: BundleSpec; why: string }>([
    { table: 'an ESRT', bundle: logged(ESRT), why: lost('an ESRT') },
    {
      table: 'an ESRT that ends before it begins',
      bundle: logged(`${ESRT}esrt: Reserving ESRT space from 0x9b772a18 to 0x0.\n`),
      why: lost('an ESRT'),
    },
    { table: 'a logo', bundle: logged('ACPI: BGRT 0x3f77a000\n'), why: lost('a boot logo (BGRT)') },
    {
      table: 'keys in boot services data',
      bundle: died(MOKVAR, IN_BOOT_SERVICES),
      why: lost('a MOKvar table in boot services data'),
    },
  ])('is beyond the model when it is $table that is nowhere to be found', ({ bundle, why }) => {
    expect(inputs(bundle)).toEqual({ value: null, why });
  });

  it.each([
    { init: 'efi_bgrt_init', kept: { bgrt: physRange(0x3db0_a000, 0x3db0_b000) } },
    { init: 'efi_mokvar_table_init', kept: { bgrt: null } },
  ])('is kept by a kernel that can: one with $init', ({ init, kept }) => {
    const kallsyms = `ffffffff82000000 T efi_esrt_init\nffffffff82000100 T ${init}\n`;
    const report = reportText({ lines: ['bgrt 0x3db0a000-0x3db0afff'] });
    const files = { 'personality.log': report, 'system/kallsyms': kallsyms };
    expect(inputs({ spec: SPEC, files }).value?.keptTables).toMatchObject(kept);
  });

  it('is not looked for on a kernel that cannot keep it', () => {
    const { files } = died(`${MOKVAR}ACPI: BGRT 0x3f77a000\n`, IN_BOOT_SERVICES);
    const kallsyms = 'ffffffff82000000 T efi_esrt_init\n';
    const found = inputs({ spec: SPEC, files: { ...files, 'system/kallsyms': kallsyms } });
    expect(found.value?.keptTables).toEqual({ esrt: null, mokvar: null, bgrt: null });
  });

  it.each<{ table: string; bundle: BundleSpec }>([
    { table: 'keys in other memory', bundle: died(MOKVAR) },
    { table: 'keys in no memory', bundle: died('efi: MOKvar=0xfffff0000 \n') },
    { table: 'an ESRT, without runtime services', bundle: logged(ESRT, 'efi=noruntime') },
    { table: 'none', bundle: logged('efi: ACPI=0x3f77d000 \nACPI: FACP 0x3f77a000\nESRT=0x1\n') },
  ])('is none that the kernel keeps when it is $table', ({ bundle }) => {
    const keptTables = { esrt: null, mokvar: null, bgrt: null };
    expect(inputs(bundle).value?.keptTables).toEqual(keptTables);
  });
});
