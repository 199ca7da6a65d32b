// SPDX-License-Identifier: MIT
import { type Bundle, bundleText } from '../bundle/bundle.ts';

/** The code of a cell that cannot be judged because of it. */
export const EMULATOR_FAULT = 'E_EMULATOR';

/** Bits of EFLAGS that are 0 on every CPU: 3, 5, 15, and from 22 on (Intel SDM volume 1, 3.4.3). */
const NEVER_SET = 0xffc0_8028;
/** Bit 1 is 1 on every CPU. */
const ALWAYS_SET = 0x2;

/**
 * What the last kernel of a cell printed in its first oops that no CPU does: QEMU's TCG gets EFLAGS wrong once in some
 * hundred crashes of a busy host, and an interrupt that returns with them is a double fault. Null if there is no
 * such thing; a CPU that is not emulated makes no such mistake.
 */
export function findEmulatorFault(bundle: Bundle): string | null {
  if (bundle.cell.machine?.accel.kind !== 'tcg') return null;
  const log = bundleText(bundle, 'console.log') ?? '';
  const lastKernel = log.slice(Math.max(log.lastIndexOf('Linux version '), 0));
  const [, eflags = ''] = /\bEFLAGS: ([0-9a-f]{8})\b/.exec(lastKernel) ?? [];
  const bits = Number.parseInt(eflags, 16);
  const isPossible = (bits & NEVER_SET) === 0 && (bits & ALWAYS_SET) !== 0;
  if (eflags === '' || isPossible) return null;
  return `The kernel died with EFLAGS ${eflags}, which no CPU can have: QEMU's TCG emulated it wrongly; run the cell again`;
}
