// SPDX-License-Identifier: MIT
import { KERNEL_TYPES, btfBytes } from './btf-builder.ts';
import {
  type BuiltKallsyms,
  type KallsymsStyle,
  type SymbolSpec,
  addKallsyms,
  symbolLine,
} from './kallsyms-builder.ts';
import { type BuiltKernel, builtKernel, vaddrOf, writeText, writeWords } from './kernel-builder.ts';
import { addOrc } from './orc-builder.ts';
import { BYTE_TYPES, addPages } from './page-builder.ts';
import { addPrintk } from './printk-builder.ts';
import { type CpuRegisters, REGISTER_NAMES } from '../dump/prstatus.ts';

/** Offsets of the parts of the kernel. */
export const PLACES = {
  text: 0x10_0000,
  variables: 0x11_0000,
  perCpu: 0x11_1000,
  task: 0x11_2000,
  resources: 0x11_3000,
  log: 0x11_4000,
  pages: 0x12_0000,
  stack: 0x13_0000,
  orc: 0x13_1000,
  btf: 0x13_2000,
  kallsyms: 0x14_0000,
} as const;

/** The trampoline's address; the image is mapped from 0, so a pointer into it can lead here. */
export const TRAMPOLINE = 0x9_8000;

/** A kernel with everything that can be read. */
export interface WholeKernel extends BuiltKernel {
  readonly tables: BuiltKallsyms;
  readonly cpus: readonly CpuRegisters[];
}

/** Builds a kernel that panicked on CPU 1, or on its only one, with frame pointers and, unless told not to, ORC. */
export function wholeKernel(
  style: KallsymsStyle = '6.12',
  hasOrc = true,
  isSmp = true,
): WholeKernel {
  const kernel = builtKernel();
  const { ram, lines } = kernel;
  const variables = isSmp ? addVariables(ram) : plainVariables(ram);
  addResources(ram);
  addPages(kernel, PLACES.pages, { 3: { pageType: 0xf000_0000 } });
  addPrintk(kernel, PLACES.log, [
    { text: 'Linux version 6.12.0-test' },
    { text: 'Kernel panic - not syncing: sysrq triggered crash', nanoseconds: 5_000_000_000n },
    { text: 'CPU: 1 UID: 0 PID: 42 Comm: sh Kdump: loaded Not tainted' },
  ]);
  const btf = btfBytes(KERNEL_TYPES);
  ram.set(btf, PLACES.btf);
  const orc = addOrc(ram, PLACES.orc, {
    style: '6.12',
    entries: [
      { from: PLACES.text, by: 'sp', offset: 16 },
      { from: PLACES.text + 0x10, by: 'sp', offset: 8 },
      { from: PLACES.text + 0x20, by: 'end' },
    ],
  });
  writeWords(ram, PLACES.stack, [0, vaddrOf(PLACES.text + 0x18), vaddrOf(PLACES.text + 0x28)]);
  const symbols = [
    { name: '_stext', offset: PLACES.text },
    { name: 'panic', offset: PLACES.text + 8 },
    ...variables,
    { name: 'iomem_resource', offset: PLACES.resources },
    { name: 'crashk_res', offset: PLACES.resources + 0x80 },
    ...(hasOrc ? orc : []),
    { name: '__start_BTF', offset: PLACES.btf },
    { name: '__stop_BTF', offset: PLACES.btf + btf.length },
  ].toSorted((a, b) => a.offset - b.offset);
  lines.push(symbolLine('_stext', PLACES.text), symbolLine('vmemmap', PLACES.pages), ...BYTE_TYPES);
  const tables = addKallsyms(kernel, PLACES.kallsyms, { symbols, style });
  return { ...kernel, tables, cpus: [cpuAt(PLACES.text + 9, PLACES.stack)] };
}

function addVariables(ram: Buffer): SymbolSpec[] {
  const { variables, perCpu, task } = PLACES;
  // `real_mode_header`, `panic_cpu`, `__per_cpu_offset`; CPU 1's area is 0x100 after CPU 0's.
  writeWords(ram, variables, [vaddrOf(TRAMPOLINE), 1, 0, 0x100]);
  writeWords(ram, perCpu + 0x100, [vaddrOf(task)]);
  ram.writeInt32LE(42, task + 0x20);
  writeText(ram, task + 0x28, 'sh');
  return [
    { name: 'real_mode_header', offset: variables },
    { name: 'panic_cpu', offset: variables + 8 },
    { name: '__per_cpu_offset', offset: variables + 16 },
    { name: 'current_task', offset: perCpu },
  ];
}

/** The same without `CONFIG_SMP`: `current_task` is a plain variable. */
function plainVariables(ram: Buffer): SymbolSpec[] {
  const variables = addVariables(ram).filter(({ name }) => name !== '__per_cpu_offset');
  ram.writeInt32LE(0, PLACES.variables + 8);
  writeWords(ram, PLACES.perCpu, [vaddrOf(PLACES.task)]);
  return variables;
}

function addResources(ram: Buffer): void {
  const root = PLACES.resources;
  const crashkernel = root + 0x80;
  const name = writeText(ram, root + 0x100, 'Crash kernel');
  writeWords(ram, root, [0, 0xff_ffff_ffffn, 0, 0, 0, 0, 0, vaddrOf(crashkernel)]);
  writeWords(ram, crashkernel, [0x1000_0000, 0x1fff_ffff, name, 0, 0, vaddrOf(root), 0, 0]);
}

/** A CPU at a place in the kernel. */
function cpuAt(ip: number, sp: number): CpuRegisters {
  const zeroes = Object.fromEntries(REGISTER_NAMES.map((name) => [name, 0n]));
  const [at, stack] = [vaddrOf(ip), vaddrOf(sp)];
  const registers = { ...zeroes, ip: at, sp: stack, bp: stack, cs: 0x10n };
  return { pid: 42, registers: registers as CpuRegisters['registers'] };
}
