// SPDX-License-Identifier: MIT
import { type Evidence, lastKernelPart } from './evidence.ts';

/** Bits of EFLAGS that are 0 on every CPU: 3, 5, 15, and from 22 on (Intel SDM volume 1, 3.4.3). */
const NEVER_SET = 0xffc0_8028;
/** Bit 1 is 1 on every CPU. */
const ALWAYS_SET = 0x2;

/** The INT3 instruction. */
const INT3 = 'cc';

/**
 * What the first oops of the cell's last kernel shows that no real CPU does, but QEMU's TCG on a busy host; null if
 * there is no such thing. Under KVM there never is.
 */
export function findEmulatorFault(evidence: Evidence): string | null {
  const { machine, spec } = evidence.cell;
  if (machine?.accel.kind !== 'tcg') return null;
  const lastKernel = lastKernelPart(evidence.text('console.log') ?? '');
  const what = findImpossibleFlags(lastKernel) ?? (spec.cpus > 1 ? findGoneInt3(lastKernel) : null);
  return what && `The kernel died ${what}: QEMU's TCG emulated it wrongly; run the cell again`;
}

/** Wrong EFLAGS, once in some hundred crashes: an interrupt that returns with them is a double fault. */
function findImpossibleFlags(log: string): string | null {
  const [, eflags = ''] = /\bEFLAGS: ([0-9a-f]{8})\b/.exec(log) ?? [];
  const bits = Number.parseInt(eflags, 16);
  const isPossible = (bits & NEVER_SET) === 0 && (bits & ALWAYS_SET) !== 0;
  return eflags === '' || isPossible ? null : `with EFLAGS ${eflags}, which no CPU can have`;
}

/**
 * An INT3 that is no longer there, once in some hundred boots with several CPUs. A kernel that patches its code puts
 * an INT3 there meanwhile, and `text_poke_bp_batch()` (arch/x86/kernel/alternative.c) handles it until every CPU has
 * been made to see the new code; a CPU of TCG may still run code that was translated before. A kernel that stops
 * handling it too early would die the same way: so the cell is run once more, and the log says so. The byte is before
 * RIP.
 */
function findGoneInt3(log: string): string | null {
  const oops = log.search(/\bint3: [0-9a-f]{4} \[#1\]/);
  if (oops === -1) return null;
  const [, byte = INT3] =
    /\bCode: [0-9a-f ]*?([0-9a-f]{2}) <[0-9a-f]{2}>/.exec(log.slice(oops)) ?? [];
  return byte === INT3 ? null : `of an INT3 where ${byte} is, which no CPU fetches`;
}

/**
 * An idle CPU was not woken by its timer (`rcu_check_gp_kthread_expired_fqs_timer()`, kernel/rcu/tree_stall.h): QEMU
 * loses one now and then where a host is short of processors, and the machine crawls.
 */
const LOST_TIMER = /\brcu: \S+ kthread timer wakeup didn't happen for /;

/** Whether a kernel says that its machine lost a timer: that it is slow then, or silent, is not its fault. */
export function hasLostTimer(log: string): boolean {
  return LOST_TIMER.test(log);
}
