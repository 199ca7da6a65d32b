// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE, PHYS_ADDR_LIMIT, type PhysAddr, SZ_1M, hex } from '../../memory/pfn.ts';
import { type PhysRange, fromInclusive } from '../../memory/phys-range.ts';
import { type Kernel, attempt } from './kernel.ts';
import { type KernelPanic, findPanic } from './kernel-panic.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { PrintkRecord } from './printk-record.ts';
import { readResource } from './resource-tree.ts';

/** What the kernel was and had when it died; null is what the dump does not tell, and `missing` says why. */
export interface KernelState {
  /** `uname -r`. */
  readonly release: string | null;
  /** Where the real-mode trampoline lies. */
  readonly trampoline: PhysAddr | null;
  /** The memory that is reserved for the capture kernel: `crashk_res` and `crashk_low_res`, those that are. */
  readonly crashkernel: readonly PhysRange[] | null;
  readonly panic: KernelPanic | null;
  /** When it wrote its last message, nanoseconds since it started. */
  readonly lastMessage: bigint | null;
  readonly missing: readonly string[];
}

/** Reads what can be told of a kernel; `log` is that of `readPrintk()`. */
export function readKernelState(kernel: Kernel, log: readonly PrintkRecord[]): KernelState {
  const missing: string[] = [];
  const { kallsyms } = kernel;
  return {
    release: kernel.vmcoreinfo.release ?? null,
    trampoline: kallsyms && attempt(missing, () => readTrampoline(kernel, kallsyms)),
    crashkernel: kallsyms && attempt(missing, () => readCrashkernel(kernel, kallsyms)),
    panic: attempt(missing, () => findPanic(kernel, log)),
    lastMessage: log.at(-1)?.nanoseconds ?? null,
    missing,
  };
}

/** `real_mode_header` is a pointer to the trampoline's first page, where it was copied to (`reserve_real_mode()`). */
function readTrampoline({ memory }: Kernel, kallsyms: Kallsyms): PhysAddr {
  const header = memory.u64(kallsyms.requireAddress('real_mode_header'));
  const paddr = memory.translate(header);
  if (paddr < SZ_1M && paddr % PAGE_SIZE === 0) return paddr;
  throw new FormatError(
    `Cannot find the trampoline: a page below 1 MiB wanted at real_mode_header, ${hex(paddr)} found`,
  );
}

function readCrashkernel(kernel: Kernel, kallsyms: Kallsyms): PhysRange[] {
  const low = kallsyms.address('crashk_low_res');
  const symbols = [kallsyms.requireAddress('crashk_res'), ...(low === undefined ? [] : [low])];
  return symbols.flatMap((symbol) => {
    const { first, last } = readResource(kernel, symbol);
    // Before it is reserved it is 0 to 0.
    if (last === 0n) return [];
    if (last < BigInt(PHYS_ADDR_LIMIT) && first <= last) {
      return [fromInclusive(Number(first), Number(last))];
    }
    throw new FormatError(
      `Cannot find crashkernel: memory wanted, ${hex(first)} to ${hex(last)} found`,
    );
  });
}
