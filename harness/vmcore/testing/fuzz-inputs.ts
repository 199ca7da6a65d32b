// SPDX-License-Identifier: MIT
/** The parsers of `vmcore/`, each with a small input that it accepts, to be mutated. */
import { deflateSync } from 'node:zlib';
import { elfHeaders } from './elf-builder.ts';
import { type Area, type FuzzTarget } from './fuzz-engine.ts';
import {
  deadKernelTarget,
  KERNEL_PARSER_NAMES,
  decompressTarget,
  fileTarget,
  kernelTarget,
  searchTarget,
  vmcoreinfoTarget,
} from './fuzz-targets.ts';
import type { KallsymsStyle } from './kallsyms-builder.ts';
import { kdumpBytes, rawPage, zlibPage } from './kdump-builder.ts';
import { builtKernel, withoutSecondPage, writeWords } from './kernel-builder.ts';
import type { KernelDump } from '../kernel/kernel.ts';
import { addLogBuf } from './printk-builder.ts';
import { parseVmcoreinfo } from '../dump/vmcoreinfo.ts';
import {
  elfCoreBytes,
  flattenedBytes,
  noteBytes,
  pageOf,
  prstatusNote,
  vmcoreinfoNote,
} from './vmcore-builder.ts';
import { DEAD_PLACES, deadKernel } from './dead-kernel-builder.ts';
import { PLACES, type WholeKernel, wholeKernel } from './whole-kernel-builder.ts';

const TEXT = 'a page of a kernel; ';
const PAGE = Buffer.from(TEXT.repeat(64), 'latin1');
/** The text, 63 copies of it, and the end. */
const LZO = Buffer.concat([
  Uint8Array.of(37),
  Buffer.from(TEXT, 'latin1'),
  Uint8Array.of(0x20, 0, 0, 0, 0, 207, 19 << 2, 0, 0x11, 0, 0),
]);
/** A page: its size, a literal of one byte, and copies of it by 64 bytes. */
const SNAPPY = Buffer.from(`80200005${'fe0100'.repeat(63)}fa0100`, 'hex');
const ZSTD = Buffer.from('KLUv/QBY5QAAoGEgcGFnZSBvZiBhIGtlcm5lbDsgAQDSuX8yAQ==', 'base64');

const LINES = ['OSRELEASE=6.12.0', 'SYMBOL(x)=ff', 'SIZE(y)=8', 'NUMBER(z)=-1'];
const NOTES = [prstatusNote(1), vmcoreinfoNote(LINES)];
const ELF = elfCoreBytes(NOTES, [
  { paddr: 0x2000, vaddr: 0xffffffff81000000n, bytes: pageOf(1) },
  { paddr: 0x1000, bytes: pageOf(2), memoryBytes: 0x3000 },
]);
const KDUMP = kdumpBytes({
  pages: [
    rawPage(1, pageOf(1)),
    zlibPage(2, pageOf(2)),
    { pfn: 3, flags: 2, data: LZO },
    { pfn: 4, flags: 4, data: SNAPPY },
    { pfn: 5, flags: 0x20, data: ZSTD },
  ],
  filtered: [6, 7],
  notes: NOTES,
  vmcoreinfo: `${LINES.join('\n')}\n`,
});

/** Parsers of files. */
export function fileTargets(): FuzzTarget[] {
  return [
    fileTarget('ELF headers', ELF),
    fileTarget('sections of an ELF core', withSections()),
    fileTarget('notes and registers', Buffer.concat(NOTES.map(noteBytes))),
    fileTarget('VMCOREINFO', Buffer.from(LINES.join('\n'))),
    fileTarget('flattened dump', flattenedBytes(KDUMP, 1500)),
    decompressTarget('zlib', deflateSync(PAGE), PAGE.length),
    decompressTarget('lzo', LZO, PAGE.length),
    decompressTarget('snappy', SNAPPY, 4096),
    decompressTarget('zstd', ZSTD, PAGE.length),
    fileTarget('dump', ELF, 'ELF '),
    fileTarget('dump', KDUMP, 'kdump-compressed '),
    fileTarget('dump', flattenedBytes(ELF, 1500), 'flattened ELF '),
    fileTarget('dump', flattenedBytes(KDUMP, 1500), 'flattened kdump-compressed '),
  ];
}

/** A core file without memory, with one section that has a name. */
function withSections(): Uint8Array {
  const file = Buffer.concat([elfHeaders([]), Buffer.alloc(64), Buffer.from('.note.Xen\0')]);
  file.writeBigUInt64LE(64n, 40);
  writeWords(file, 64 + 24, [128, 10]);
  return file;
}

/** Where the symbols of a kernel are, for parsers that search all of it. */
const KALLSYMS: Area[] = [[PLACES.kallsyms, 0x800]];

/** Where a kernel that died has anything. */
const DEAD_KERNEL: Area[] = [
  [DEAD_PLACES.pgd, 0x3000],
  [DEAD_PLACES.header, 16],
  [DEAD_PLACES.variables, 0x5000],
  [DEAD_PLACES.pages, 0x4000],
  [DEAD_PLACES.stack, 0x40],
  [DEAD_PLACES.kallsyms, 0x800],
];

/** Parsers of kernel memory, on kernels with fewer tables than real ones. */
export function kernelTargets(): FuzzTarget[] {
  const styles: KallsymsStyle[] = ['4.18', '5.10', '5.10 absolute', '6.1', '7.3'];
  const whole = wholeKernel();
  return [
    ...KERNEL_PARSER_NAMES.map((parser) => kernelTarget(parser, dumpOf(whole))),
    ...styles.map((style) => ({
      ...kernelTarget('kallsyms', dumpOf(withoutSecondPage(wholeKernel(style)))),
      name: `kallsyms of ${style}`,
      areas: KALLSYMS,
      // A mutant that hides the tables has the whole kernel searched.
      ...(/^[45]/.test(style) ? { oneIn: 20 } : {}),
    })),
    named('stacks without ORC', kernelTarget('stacks', dumpOf(wholeKernel('6.12', false)))),
    named('log before 5.10', kernelTarget('log', dumpOf(oldLog()))),
    named('page tables of 5 levels', kernelTarget('page tables', dumpOf(fiveLevels()))),
    { ...vmcoreinfoTarget(whole.lines, dumpOf(whole)), oneIn: 10 },
    // All of its memory is searched, then looked through for struct pages in several layouts.
    { ...deadKernelTarget(withoutSecondPage(deadKernel())), areas: DEAD_KERNEL, oneIn: 50 },
    // The text, and the page tables that it leads to; each mutant has all memory searched.
    {
      ...searchTarget(dumpOf(withText())),
      areas: [
        [TEXT_AT, 0x400],
        [0x1000, 0x3000],
      ],
      oneIn: 20,
    },
  ];
}

function dumpOf({
  physical,
  lines,
  cpus,
}: WholeKernel): KernelDump & { readonly memoryBytes: number } {
  const vmcoreinfo = parseVmcoreinfo(Buffer.from(lines.join('\n')));
  return { memory: physical, vmcoreinfo, cpus, memoryBytes: physical.ranges[0]?.end ?? 0 };
}

/** Where the text of VMCOREINFO lies in memory, with an old form of it behind. */
const TEXT_AT = 0x30_0000;

function withText(): WholeKernel {
  const kernel = wholeKernel();
  const text = [...kernel.lines, 'PAGESIZE=4096', ''].join('\n');
  const old = text.replace('NUMBER(phys_base)=0', 'SYMBOL(phys_base)=ffffffff80300000');
  kernel.ram.write(`${text}\0${old}`, TEXT_AT, 'latin1');
  return kernel;
}

function named(name: string, target: FuzzTarget): FuzzTarget {
  return { ...target, name };
}

function oldLog(): WholeKernel {
  const kernel = { ...wholeKernel(), ...builtKernel() };
  addLogBuf(kernel, 0x8000);
  return kernel;
}

/** The tables of 4 levels with one more on top. */
function fiveLevels(): WholeKernel {
  const kernel = wholeKernel();
  const { ram, lines } = kernel;
  const top = 0x7000;
  writeWords(ram, top + 511 * 8, [0x1003]);
  lines.push(`SYMBOL(swapper_pg_dir)=ffffffff8000${top.toString(16)}`);
  lines.push('NUMBER(pgtable_l5_enabled)=1');
  return kernel;
}
