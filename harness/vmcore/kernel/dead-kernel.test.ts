// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { physRange } from '../../memory/phys-range.ts';
import {
  type BuiltDeadKernel,
  DEAD_PLACES,
  VARIABLES,
  deadKernel,
} from '../testing/dead-kernel-builder.ts';
import { vaddrOf, writeText, writeWords } from '../testing/kernel-builder.ts';
import { type DeadKernel, examineDeadKernel } from './dead-kernel.ts';
import type { KernelHint } from './kernel-image.ts';
import { renderPrintk } from './printk.ts';

const SYSTEM: KernelHint = { crashkernel: [], capture: false };

function examine({ physical, cpus }: BuiltDeadKernel, hint = SYSTEM): DeadKernel {
  const seen = examineDeadKernel(physical, cpus, hint);
  if ('why' in seen) throw new Error(seen.why);
  return seen.value;
}

/** Why a part was not seen. */
function whyNot(seen: object): unknown {
  return 'why' in seen ? seen.why : 'it was seen';
}

/** CPUs whose registers say nothing: in the firmware, or reset. */
function lostCpus(kernel: BuiltDeadKernel): BuiltDeadKernel {
  return { ...kernel, cpus: kernel.cpus.map((cpu) => ({ ...cpu, cr3: 0n })) };
}

describe('examineDeadKernel()', () => {
  it.each([
    { by: 'page tables of a CPU', lose: (kernel: BuiltDeadKernel) => kernel },
    { by: 'search', lose: lostCpus },
  ])('reads a kernel that has written no VMCOREINFO, found by $by', ({ by, lose }) => {
    const found = examine(lose(deadKernel()));
    expect(found).toMatchObject({
      image: { text: vaddrOf(0), paddr: 0, by },
      release: { value: '6.12.0-test' },
      layout: 'table',
      systemState: { value: 0 },
      panic: null,
      trampoline: { value: { paddr: DEAD_PLACES.header, bytes: null, copied: true } },
    });
    expect([...renderPrintk(found.log.value ?? [])]).toEqual([
      '[    0.000000] Linux version 6.12.0-test',
      '[    5.000000] one',
      '               two',
      '[    6.000000] three',
    ]);
    const classes = found.lowPages.value ?? [];
    expect(classes.slice(15, 34)).toEqual([
      'reserved',
      ...Array.from({ length: 16 }, () => 'free'),
      'used',
      'reserved',
    ]);
    expect(found.memblock.value).toEqual({
      memory: [{ start: 0, end: 0x40_0000, flags: 0 }],
      reserved: [
        { start: 0, end: 0x10_0000, flags: 0 },
        { start: 0x20_0000, end: 0x20_1000, flags: 2 },
      ],
    });
    expect(found.stacks[0]?.trace.value?.frames.map(({ symbol }) => symbol)).toEqual([
      'setup_arch+0x4',
      'start_kernel+0x8',
    ]);
    expect(whyNot(found.stacks[1]?.trace ?? {})).toBe('CPU 1 is not in 64-bit mode');
  });

  it.each(['5.10', '6.1', '6.3', '6.12', '7.3'] as const)(
    'finds kallsyms as %s has it',
    (style) => {
      expect(examine(deadKernel(style)).kallsyms.value?.size).toBe(14);
    },
  );

  it('finds the kernel by CR3 of user space, and with the number of an address space', () => {
    const kernel = deadKernel();
    const root = 0x1f_e000;
    kernel.ram.copy(kernel.ram, root, DEAD_PLACES.pgd, DEAD_PLACES.pgd + 0x1000);
    const cpus = [
      { cpu: 0, halted: false, cr3: BigInt(root + 0x1003), levels: 4, registers: null },
    ];
    const found = examine({ ...kernel, cpus: cpus as BuiltDeadKernel['cpus'] });
    expect(found.image).toMatchObject({ by: 'page tables of a CPU', tables: { root } });
  });

  it('prefers the VMCOREINFO that the kernel has written', () => {
    const kernel = deadKernel();
    const { ram } = kernel;
    const stext = vaddrOf(DEAD_PLACES.text).toString(16);
    writeWords(ram, VARIABLES.vmcoreinfo_data, [vaddrOf(DEAD_PLACES.note)]);
    const lines = ['OSRELEASE=6.12.0-test', `SYMBOL(_stext)=${stext}`, ...kernel.lines];
    writeText(ram, DEAD_PLACES.note, lines.join('\n'));
    expect(examine(kernel).layout).toBe('vmcoreinfo');
    expect(examine(kernel).log.value).toHaveLength(3);
    // Of another kernel, or overwritten.
    ram.write('x', DEAD_PLACES.note + lines.join('\n').indexOf(stext), 'latin1');
    expect(examine(kernel).layout).toBe('table');
  });

  it.each([
    {
      what: 'the page allocator did not have its memory',
      change: (ram: Buffer) => {
        writeWords(ram, VARIABLES['_totalram_pages'], [0]);
      },
      part: 'lowPages',
      why: 'The kernel had not given its memory to the page allocator yet (_totalram_pages is 0)',
    },
    {
      what: 'it had no struct pages',
      change: (ram: Buffer) => {
        writeWords(ram, VARIABLES['_totalram_pages'], [0, 0xffffea0000000000n]);
      },
      part: 'lowPages',
      why: 'The kernel had not made its struct pages yet',
    },
    {
      what: "flags of its text's pages are something else",
      change: (ram: Buffer) => {
        writeWords(ram, DEAD_PLACES.pages, [0x3000]);
      },
      part: 'lowPages',
      why: "Cannot read struct page: expected one flag on the kernel's text, found 0x3000",
    },
    {
      what: 'no layout has free pages',
      change: (ram: Buffer) => {
        writeWords(ram, DEAD_PLACES.pages + 16 * 64 + 48, [0xffffffff]);
      },
      part: 'lowPages',
      why: 'Cannot read struct page: expected free pages in one of the layouts known, found none',
    },
    {
      what: 'memblock was used again',
      change: (ram: Buffer) => {
        ram.fill(0xcc, DEAD_PLACES.memblock, DEAD_PLACES.memblock + 0x100);
      },
      part: 'memblock',
      why:
        'Cannot read memblock.memory: expected its name, found ""; ' +
        'the kernel has used its memory again',
    },
    {
      what: 'a region of memblock was overwritten',
      change: (ram: Buffer) => {
        writeWords(ram, DEAD_PLACES.regions + 0x408, [0x9_f000]);
      },
      part: 'memblock',
      why:
        'Cannot read memblock.reserved: expected 1052672 bytes, found 655360; ' +
        'the kernel has used its memory again',
    },
    {
      what: 'no trampoline was reserved',
      change: (ram: Buffer) => {
        writeWords(ram, VARIABLES.real_mode_header, [0]);
      },
      part: 'trampoline',
      why: 'The kernel had not reserved memory for its trampoline yet',
    },
    {
      what: 'the trampoline is above 1 MiB',
      change: (ram: Buffer) => {
        writeWords(ram, VARIABLES.real_mode_header, [vaddrOf(0x20_0000)]);
      },
      part: 'trampoline',
      why:
        'Cannot find the trampoline: expected a page below 1 MiB at real_mode_header, ' +
        'found 0x200000',
    },
    {
      what: 'the log has no numbers in order',
      change: (ram: Buffer) => {
        writeWords(ram, DEAD_PLACES.log + 0x200 + 7 * 88, [9]);
      },
      part: 'log',
      why: 'Cannot read the kernel log: expected ascending numbers, found others',
    },
    {
      what: 'the banner is gone',
      change: (ram: Buffer) => {
        ram.fill(0, DEAD_PLACES.banner, DEAD_PLACES.banner + 64);
      },
      part: 'release',
      why: 'Cannot find the release: expected "Linux version" in the image, found none',
    },
  ] as const)('says why, and goes on, if $what', ({ change, part, why }) => {
    const kernel = deadKernel();
    change(kernel.ram);
    const found = examine(kernel);
    expect(whyNot(found[part])).toBe(why);
    const others = (['release', 'memblock', 'trampoline', 'lowPages', 'log'] as const).filter(
      (other) => other !== part,
    );
    expect(others.map((other) => whyNot(found[other]))).toEqual(others.map(() => 'it was seen'));
  });

  it('sees a trampoline that was not copied yet', () => {
    const kernel = deadKernel();
    kernel.ram.fill(0, DEAD_PLACES.header, DEAD_PLACES.header + 12);
    expect(examine(kernel).trampoline.value).toMatchObject({ copied: false });
  });

  it('has an empty log before the first message', () => {
    const kernel = deadKernel();
    const id = (1n << 62n) - 1n;
    writeWords(kernel.ram, DEAD_PLACES.log + 24, [id, id]);
    kernel.ram.fill(0, DEAD_PLACES.log + 0x100, DEAD_PLACES.log + 0x200);
    expect(examine(kernel).log).toEqual({ value: [] });
  });

  it('says that every part needs symbols if there are none', () => {
    const kernel = deadKernel();
    kernel.ram.fill(0, DEAD_PLACES.kallsyms, DEAD_PLACES.kallsyms + 0x4000);
    const { log, lowPages, memblock, trampoline, release } = examine(kernel);
    expect(release).toEqual({ value: '6.12.0-test' });
    const whys = [log, lowPages, memblock, trampoline].map(whyNot);
    expect(new Set(whys).size).toBe(1);
    expect(whys[0]).toMatch(/^Cannot find kallsyms: /);
  });

  it.each([
    { what: 'is no kernel', change: (ram: Buffer) => ram.fill(0) },
    {
      what: 'are page tables that were not set up yet',
      change: (ram: Buffer) => ram.writeBigUInt64LE(0x100_0083n, 0x3000),
    },
  ])('says so if there $what in memory', ({ change }) => {
    const kernel = deadKernel();
    change(kernel.ram);
    expect(whyNot(examineDeadKernel(kernel.physical, kernel.cpus, SYSTEM))).toBe(
      'Cannot find a kernel in memory: expected its page tables, found none in any CPU and none in ' +
        'memory; it was not unpacked yet, or was overwritten',
    );
  });

  it.each([
    { capture: false, paddr: 0x800_0000 },
    { capture: true, paddr: 0 },
  ])('of two kernels takes the one that the hint means ($capture)', ({ capture, paddr }) => {
    const kernel = lostCpus(deadKernel());
    const { ram } = kernel;
    // The same kernel again, at 128 MiB, with the addresses in its page tables moved.
    const copy = Buffer.from(ram);
    for (const at of [0x1000 + 511 * 8, 0x2000 + 510 * 8, 0x3000, 0x3008]) {
      copy.writeBigUInt64LE(copy.readBigUInt64LE(at) + 0x800_0000n, at);
    }
    const physical = {
      ranges: [physRange(0, ram.length), physRange(0x800_0000, 0x800_0000 + ram.length)],
      has: () => true,
      read: (start: number, length: number) =>
        start < 0x800_0000
          ? ram.subarray(start, start + length)
          : copy.subarray(start - 0x800_0000, start - 0x800_0000 + length),
    };
    const hint = { crashkernel: [physRange(0, 0x100_0000)], capture };
    expect(examine({ ...kernel, physical }, hint).image.paddr).toBe(paddr);
  });
});
