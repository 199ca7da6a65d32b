// SPDX-License-Identifier: MIT
/** Builds a kernel that died before it had written its VMCOREINFO. */
import type { CpuState } from '../dump/monitor-registers.ts';
import { REGISTER_NAMES, type CpuRegisters } from '../dump/prstatus.ts';
import { type KallsymsStyle, addKallsyms } from './kallsyms-builder.ts';
import { type BuiltKernel, builtKernel, vaddrOf, writeText, writeWords } from './kernel-builder.ts';
import { addPages } from './page-builder.ts';
import { addPrintk } from './printk-builder.ts';

/** Offsets of the parts of the kernel. */
export const DEAD_PLACES = {
  pgd: 0x1000,
  level3: 0x2000,
  header: 0x9_8000,
  text: 0x10_0000,
  variables: 0x11_0000,
  memblock: 0x11_1000,
  regions: 0x11_2000,
  log: 0x11_4000,
  pages: 0x12_0000,
  stack: 0x13_0000,
  note: 0x13_8000,
  kallsyms: 0x14_0000,
  banner: 0x15_0000,
} as const;

/** Offsets of its variables. */
export const VARIABLES = {
  system_state: DEAD_PLACES.variables,
  _totalram_pages: DEAD_PLACES.variables + 8,
  vmemmap_base: DEAD_PLACES.variables + 16,
  real_mode_header: DEAD_PLACES.variables + 24,
  vmcoreinfo_data: DEAD_PLACES.variables + 32,
} as const;

/** The log that it has written. */
const LOG = [
  { text: 'Linux version 6.12.0-test' },
  { text: 'one\ntwo', nanoseconds: 5_000_000_000n },
  { text: 'three', nanoseconds: 6_000_000_000n },
];

const SYMBOLS = [
  { name: '_text', offset: 0 },
  { name: 'init_top_pgt', offset: DEAD_PLACES.pgd },
  { name: 'level3_kernel_pgt', offset: DEAD_PLACES.level3 },
  { name: '_stext', offset: DEAD_PLACES.text },
  { name: 'setup_arch', offset: DEAD_PLACES.text + 0x10 },
  { name: 'start_kernel', offset: DEAD_PLACES.text + 0x20 },
  { name: '_etext', offset: DEAD_PLACES.text + 0x100 },
  ...Object.entries(VARIABLES).map(([name, offset]) => ({ name, offset })),
  { name: 'memblock', offset: DEAD_PLACES.memblock },
  { name: 'prb', offset: DEAD_PLACES.log - 8 },
].toSorted((a, b) => a.offset - b.offset);

/** A kernel that died, and its CPUs. */
export interface BuiltDeadKernel extends BuiltKernel {
  readonly cpus: readonly CpuState[];
}

/** A kernel that died in `setup_arch()` when its page allocator had its memory. */
export function deadKernel(style: KallsymsStyle = '6.12'): BuiltDeadKernel {
  const kernel = builtKernel();
  const { ram } = kernel;
  // The fixmap's table, which makes `level3_kernel_pgt` complete.
  writeWords(ram, DEAD_PLACES.level3 + 511 * 8, [0x7003]);
  writeWords(ram, DEAD_PLACES.variables, [
    0,
    1000,
    vaddrOf(DEAD_PLACES.pages),
    vaddrOf(DEAD_PLACES.header),
    0,
  ]);
  writeWords(ram, DEAD_PLACES.stack, [0, vaddrOf(DEAD_PLACES.text + 0x28), 0, 0]);
  for (const [index, word] of [0x9_9000, 0x9_932e, 0x9_9000].entries()) {
    ram.writeUInt32LE(word, DEAD_PLACES.header + index * 4);
  }
  writeText(ram, DEAD_PLACES.banner, 'Linux version 6.12.0-test (sub1m@sub1m) #1 SMP\n');
  addMemblock(ram);
  addPrintk(kernel, DEAD_PLACES.log, LOG);
  const free = Array.from({ length: 16 }, (_, index) => [16 + index, {}] as const);
  addPages(kernel, DEAD_PLACES.pages, {
    ...Object.fromEntries(free),
    16: { pageType: 0xf000_0000, order: 4 },
    32: { refcount: 1 },
  });
  // The pages of other memory are not built, and belong to nobody.
  ram.fill(0, DEAD_PLACES.pages + 256 * 64, DEAD_PLACES.stack);
  addKallsyms(kernel, DEAD_PLACES.kallsyms, { symbols: SYMBOLS, style });
  return { ...kernel, cpus: [runningCpu(), { ...runningCpu(), cpu: 1, registers: null }] };
}

/** Memory from 0 to 4 MiB, of which 1 MiB and a page are reserved. */
function addMemblock(ram: Buffer): void {
  const { memblock, regions } = DEAD_PLACES;
  const [memory, reserved] = [
    writeText(ram, regions + 0x800, 'memory'),
    writeText(ram, regions + 0x810, 'reserved'),
  ];
  const [first, second] = [vaddrOf(regions), vaddrOf(regions + 0x400)];
  writeWords(ram, memblock, [0, 0xffff_ffffn, 1, 128, 0x40_0000, first, memory]);
  writeWords(ram, memblock + 56, [2, 128, 0x10_1000, second, reserved]);
  writeWords(ram, regions, [0, 0x40_0000, 0]);
  writeWords(ram, regions + 0x400, [0, 0x10_0000, 0, 0x20_0000, 0x1000, 2]);
}

/** A CPU in `setup_arch()`, which `start_kernel()` called. */
function runningCpu(): CpuState {
  const zeroes = Object.fromEntries(REGISTER_NAMES.map((name) => [name, 0n]));
  const bp = vaddrOf(DEAD_PLACES.stack);
  const registers = { ...zeroes, ip: vaddrOf(DEAD_PLACES.text + 0x14), sp: bp, bp, cs: 0x10n };
  return {
    cpu: 0,
    halted: false,
    cr3: BigInt(DEAD_PLACES.pgd),
    levels: 4,
    registers: { pid: 1, registers: registers as CpuRegisters['registers'] },
  };
}
