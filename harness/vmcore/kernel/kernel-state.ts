// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PHYS_ADDR_LIMIT, type PhysAddr, hex } from '../../memory/pfn.ts';
import { type PhysRange, fromInclusive } from '../../memory/phys-range.ts';
import { type Seen, seeingFrom } from '../../seen.ts';
import type { DumpedKernel } from './kernel.ts';
import { type KernelPanic, findPanic } from './kernel-panic.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { PrintkRecord } from './printk-record.ts';
import { readResource } from './resource-tree.ts';
import { findTrampoline } from './trampoline.ts';

/** The state of a kernel when it died. */
export interface KernelState {
  /** `uname -r`, null if VMCOREINFO does not have it. */
  readonly release: string | null;
  /** The first page of the real-mode trampoline. */
  readonly trampoline: Seen<PhysAddr>;
  /** The memory reserved for the capture kernel: `crashk_res` and `crashk_low_res`. */
  readonly crashkernel: Seen<readonly PhysRange[]>;
  /** null if nothing shows one. */
  readonly panic: KernelPanic | null;
  /** When it wrote its last message, nanoseconds since it started; null without a log. */
  readonly lastMessage: bigint | null;
}

/** Reads the state of a kernel; `log` is from `readPrintk()`. */
export function readKernelState(kernel: DumpedKernel, log: readonly PrintkRecord[]): KernelState {
  const { kallsyms } = kernel;
  return {
    release: kernel.vmcoreinfo.release ?? null,
    trampoline: seeingFrom(kallsyms, (symbols) => findTrampoline(kernel.memory, symbols)),
    crashkernel: seeingFrom(kallsyms, (symbols) => readCrashkernel(kernel, symbols)),
    panic: findPanic(kernel, log),
    lastMessage: log.at(-1)?.nanoseconds ?? null,
  };
}

/** `crashk_res` and `crashk_low_res`, if they are reserved. Throws `FormatError`. */
export function readCrashkernel(kernel: DumpedKernel, kallsyms: Kallsyms): PhysRange[] {
  const low = kallsyms.address('crashk_low_res');
  const symbols = [kallsyms.requireAddress('crashk_res'), ...(low === undefined ? [] : [low])];
  return symbols.flatMap((symbol) => {
    const { first, last } = readResource(kernel, symbol);
    // It is 0 to 0 until it is reserved.
    if (last === 0n) return [];
    if (last < BigInt(PHYS_ADDR_LIMIT) && first <= last) {
      return [fromInclusive(Number(first), Number(last))];
    }
    throw new FormatError(
      `Cannot find crashkernel: expected memory, found ${hex(first)} to ${hex(last)}`,
    );
  });
}
