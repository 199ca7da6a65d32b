// SPDX-License-Identifier: MIT
import type { AccelDifference, AccelPairs } from '../../history/accel-pairs.ts';
import { counted } from '../../memory/counted.ts';
import { renderShare } from './share.ts';

/** How far it was seen that no verdict depends on the accelerator: no more is said than that. */
export function accelWords({ pairs, alone, differ }: AccelPairs): string {
  const rest =
    alone === 0 ? '' : `; ${alone} ${alone === 1 ? 'was' : 'were'} judged under one alone`;
  if (pairs === 0) return `no cell was judged under both with the same image and firmware${rest}`;
  const seen = `${counted(pairs, 'pair')} of the same cell, image and firmware`;
  return differ.length === 0
    ? `every verdict is the same in ${seen}${rest}`
    : `verdicts differ in ${differ.length} of ${seen}${rest}`;
}

/** `lowmem.locked broken under kvm (4 of 30, 5.3 % to 30 %), kept under tcg (0 of 2, 0 % to 66 %)`. */
export function differenceWords({ invariant, kvm, tcg }: AccelDifference): string {
  const side = ({ outcome, broken }: AccelDifference['kvm'], accel: string): string =>
    `${outcome} under ${accel} (broken in ${renderShare(broken)})`;
  return `${invariant ?? 'verdict'} ${side(kvm, 'kvm')}, ${side(tcg, 'tcg')}`;
}
