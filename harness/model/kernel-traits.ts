// SPDX-License-Identifier: MIT
import type { KernelSymbol } from '../memory/kernel-symbols.ts';
import { findParameter } from '../memory/kernel-cmdline.ts';
import { isWholeLog } from '../memory/kernel-log.ts';

/** What a kernel shows of its policy. Predictions do not use it. */
export interface KernelTraits {
  readonly symbols: ReadonlyMap<KernelSymbol, unknown>;
  readonly log: string;
  readonly cmdline: string;
  /** As `uname -r` has it. */
  readonly release: string;
}

/** One way to recognize a policy. */
export interface Telling {
  readonly when: (traits: KernelTraits) => boolean;
  /** Completes "it follows this policy because …". */
  readonly how: string;
}

/** What `crash_reserve_low_1M()` prints. */
export const LOCKS = 'kexec: Reserving the low 1M of memory for crashkernel';
const NO_ROOM = 'No sub-1M memory is available for the trampoline';

/** Whether the kernel has that symbol. */
export function has({ symbols }: KernelTraits, symbol: KernelSymbol): boolean {
  return symbols.has(symbol);
}

/** Whether the kernel says that it has locked the first 1 MiB. */
export function saysLocked({ log }: KernelTraits): boolean {
  return log.includes(LOCKS);
}

/**
 * Whether the kernel neither locks low memory nor has `reservelow=`. Both functions stay in
 * `/proc/kallsyms` after init: `crash_reserve_low_1M()` is in another file than its caller,
 * `parse_reservelow()` is called through a pointer. Linux kernel commits 23721c8e92f7 and
 * 1a6a9044b967 removed them in v5.14; v5.13 still had both but reserved the first 1 MiB.
 */
export function reservesAlways(traits: KernelTraits): boolean {
  const isOld = has(traits, 'crash_reserve_low_1M') || has(traits, 'parse_reservelow');
  return !isOld && !saysLocked(traits);
}

/** Whether the log is whole and would show a call of `crash_reserve_low_1M()`, but does not. */
export function doesNotCallLock(traits: KernelTraits): boolean {
  const { log, cmdline } = traits;
  const wouldLock =
    findParameter(cmdline, 'crashkernel') !== undefined &&
    isWholeLog(log) &&
    !log.includes(NO_ROOM);
  return has(traits, 'crash_reserve_low_1M') && wouldLock && !saysLocked(traits);
}

/** Without crashkernel= only the version tells v5.13 from its predecessors. */
export function isV5_13(traits: KernelTraits): boolean {
  const isOf5_13 = /^5\.13\b/.test(traits.release);
  return has(traits, 'crash_reserve_low_1M') && isOf5_13 && !saysLocked(traits);
}
