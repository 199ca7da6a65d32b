// SPDX-License-Identifier: MIT
import { parseCrashkernel } from '../memory/crashkernel.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { clippedRange, covers, rangeSize } from '../memory/phys-range.ts';
import { rangeSet, without } from '../memory/range-set.ts';
import { ramOf } from './low-memory.ts';
import type { ModelInputs } from './model-inputs.ts';

/** `CRASH_ALIGN` (arch/x86/include/asm/crash_reserve.h). */
const CRASH_ALIGN = 16 * SZ_1M;

/** What `crashkernel=` asks for, in bytes, and whether the machine has such a piece of RAM. */
export interface CrashkernelFit {
  readonly size: number;
  /** False: the kernel surely refuses it. True: there is room, unless something else takes it. */
  readonly fits: boolean;
}

/** Whether `reserve_crashkernel()` can find what is asked for; null if nothing is. */
export function crashkernelFit(inputs: ModelInputs): CrashkernelFit | null {
  const { e820, cmdline, earlyReservations } = inputs;
  const all = rangeSet(e820.filter(({ ram }) => ram).map(({ range }) => range));
  const free = without(ramOf(e820), earlyReservations);
  const request = parseCrashkernel(
    cmdline,
    all.reduce((sum, range) => sum + rangeSize(range), 0),
  );
  if (!request) return null;
  const { size, offset } = request;
  if (offset !== null) return { size, fits: covers(free, clippedRange(offset, offset + size)) };
  const fits = free.some(({ start, end }) => {
    const from = Math.max(Math.ceil(start / CRASH_ALIGN) * CRASH_ALIGN, CRASH_ALIGN);
    return from + size <= end;
  });
  return { size, fits };
}
