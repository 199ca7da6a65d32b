// SPDX-License-Identifier: MIT
/**
 * What a kernel shows that died before anybody could ask it: its log, pages, memblock, trampoline
 * and stacks, out of its memory alone. Each part fails on its own, with its reason.
 */
import { FormatError } from '../../errors.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { type Seen, seeing, seeingFrom } from '../../seen.ts';
import type { CpuState } from '../dump/monitor-registers.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import { type FoundKernel, openFoundKernel, releaseOf } from './dead-image.ts';
import { readDeadLog } from './dead-log.ts';
import { readDeadPages } from './dead-pages.ts';
import type { Kallsyms } from './kallsyms.ts';
import { type KernelHint, type KernelImage, findKernelImage } from './kernel-image.ts';
import { type KernelPanic, findPanic } from './kernel-panic.ts';
import { type Memblock, readMemblock } from './memblock.ts';
import type { PrintkRecord } from './printk-record.ts';
import { type StackTrace, readStack } from './stacks.ts';
import { type Trampoline, readTrampoline } from './trampoline.ts';

/** A kernel that died. */
export interface DeadKernel {
  readonly image: Pick<KernelImage, 'text' | 'paddr' | 'by'>;
  /** `uname -r`. */
  readonly release: Seen<string>;
  /** The symbols of its image. */
  readonly kallsyms: Seen<Kallsyms>;
  /** What the layout of its structures is known by. */
  readonly layout: 'vmcoreinfo' | 'btf' | 'table';
  /** `system_state`: 0 while it boots, 1 from its first task on, more when it has booted or reboots. */
  readonly systemState: Seen<number>;
  /** Oldest first. */
  readonly log: Seen<readonly PrintkRecord[]>;
  /** null if nothing shows one. */
  readonly panic: KernelPanic | null;
  /** The class of each of the 256 pages below 1 MiB, once the page allocator has its memory. */
  readonly lowPages: Seen<readonly PageClass[]>;
  readonly memblock: Seen<Memblock>;
  readonly trampoline: Seen<Trampoline>;
  /** By CPU, in the order given. */
  readonly stacks: readonly DeadStack[];
}

/** The stack of a CPU. */
interface DeadStack {
  readonly cpu: number;
  readonly halted: boolean;
  readonly trace: Seen<StackTrace>;
}

/** Examines the kernel in memory that died. Gives why there is none. */
export function examineDeadKernel(
  memory: PhysicalMemory,
  cpus: readonly CpuState[],
  hint: KernelHint,
): Seen<DeadKernel> {
  return seeingFrom(
    seeing(() => findKernelImage(memory, cpus, hint)),
    (image) => examineImage(memory, image, cpus),
  );
}

function examineImage(
  physical: PhysicalMemory,
  image: KernelImage,
  cpus: readonly CpuState[],
): DeadKernel {
  const registers = cpus.flatMap((cpu) => (cpu.registers ? [cpu.registers] : []));
  const found = openFoundKernel(physical, image, registers);
  const { kernel } = found;
  const { kallsyms, memory } = kernel;
  const fromSymbols = <T>(read: (symbols: Kallsyms) => T): Seen<T> => seeingFrom(kallsyms, read);
  const log = fromSymbols((symbols) => readDeadLog(found, symbols).records);
  return {
    image,
    release: seeingFrom(found.banner, releaseOf),
    kallsyms,
    layout: layoutOf(found),
    systemState: fromSymbols((symbols) => memory.u32(symbols.requireAddress('system_state'))),
    log,
    panic: findPanic(kernel, log.value ?? []),
    lowPages: fromSymbols((symbols) => readDeadPages(found, symbols)),
    memblock: fromSymbols((symbols) => readMemblock(memory, symbols)),
    trampoline: fromSymbols((symbols) => readTrampoline(physical, memory, symbols)),
    stacks: cpus.map((cpu) => stackOf(found, cpu)),
  };
}

function layoutOf({ note, kernel }: FoundKernel): DeadKernel['layout'] {
  if (note.value) return 'vmcoreinfo';
  return kernel.btf.value ? 'btf' : 'table';
}

function stackOf({ kernel }: FoundKernel, { cpu, halted, registers }: CpuState): DeadStack {
  const { memory } = kernel;
  const trace = seeingFrom(kernel.kallsyms, (kallsyms) => {
    if (registers) return readStack({ memory, kallsyms }, registers);
    throw new FormatError(`CPU ${cpu} is not in 64-bit mode`);
  });
  return { cpu, halted, trace };
}
