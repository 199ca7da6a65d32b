// SPDX-License-Identifier: MIT
/** Steps of arch/x86/realmode/init.c and, for the lock, arch/x86/kernel/crash.c. */
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { type LowMemory, say } from './low-memory.ts';
import { findFreeRange, reserve, reserveKern } from './memblock.ts';
import { type ModelInputs, asksForCrashkernel } from './model-inputs.ts';
import type { Step } from './step.ts';

/** Bytes of the trampoline, in whole pages. */
export function trampolineBytes({ trampolineSize }: ModelInputs): number {
  return Math.ceil(trampolineSize / PAGE_SIZE) * PAGE_SIZE;
}

/** The search of `reserve_real_mode()`: the highest free pages that fit, or the lowest. */
export const reserveRealMode: Step = (memory, inputs) => {
  const trampoline = findFreeRange(memory, { size: trampolineBytes(inputs), align: PAGE_SIZE });
  if (!trampoline) return say(memory, 'No sub-1M memory is available for the trampoline');
  const why = `the ${memory.bottomUp ? 'lowest' : 'highest'} free pages that the trampoline fits in`;
  const event = { step: 'reserve_real_mode', owner: 'trampoline', why } as const;
  return { ...reserveKern(memory, trampoline, event), trampoline };
};

/**
 * `crash_reserve_low_1M()` (Linux kernel commit 6f599d84231f, in v5.5; gone in v5.14): for any value
 * of `crashkernel=`; `reserve_real_mode()` does not come to it when the trampoline has no place.
 */
export const crashReserveLow1M: Step = (memory, inputs) => {
  if (!memory.trampoline || !asksForCrashkernel(inputs)) return memory;
  const locked = reserve(memory, physRange(0, SZ_1M), {
    step: 'crash_reserve_low_1M',
    owner: 'lock',
    why: 'crashkernel= is on the command line',
  });
  return say(locked, 'kexec: Reserving the low 1M of memory for crashkernel');
};

/**
 * The end of `reserve_real_mode()` from v5.13 on (Linux kernel commit f1d4d47c5851, "x86/setup:
 * Always reserve the first 1M of RAM"): everything below 1 MiB, whether the trampoline found a
 * place or not.
 */
export const reserveFirst1M: Step = (memory) =>
  reserve(memory, physRange(0, SZ_1M), {
    step: 'reserve_real_mode',
    owner: 'reserved',
    why: 'the first 1 MiB is always reserved',
  });

/** `init_real_mode()`, an early initcall: without a place for the trampoline the kernel panics. */
export const initRealMode: Step = (memory) => {
  if (memory.trampoline) return memory;
  return stop(memory, 'init_real_mode', 'Real mode trampoline was not allocated');
};

/** The kernel panics, if it has not done so before. */
export function stop(memory: LowMemory, step: string, what: string): LowMemory {
  const line = `Kernel panic - not syncing: ${what}`;
  return memory.panic ? memory : say({ ...memory, panic: { step, line } }, line);
}
