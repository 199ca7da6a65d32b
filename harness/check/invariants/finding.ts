// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import type { EvidenceFile } from '../../bundle/evidence.ts';
import type { Pfn } from '../../memory/pfn.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { Doubt } from '../../model/undecided.ts';
import type { Seen, Unseen } from '../../seen.ts';
import type { KernelFailure } from '../observe/kernel-failure.ts';
import type { Observation } from '../observe/observation.ts';

/** All that an invariant is judged by. */
export interface CellCase {
  readonly record: CellRecord;
  readonly cmdline: string;
  readonly observation: Observation;
  readonly prediction: Seen<Prediction>;
  readonly failure: KernelFailure | null;
}

/**
 * What became of an invariant. `unseen`: the evidence that would show it is missing, so the cell cannot
 * be a match. `not-asked`: the invariant does not apply to this cell.
 */
export interface Finding {
  readonly outcome: 'kept' | 'broken' | 'unseen' | 'not-asked';
  readonly why: string;
  /** The pages concerned. */
  readonly pages: readonly Pfn[];
  readonly evidence: EvidenceFile | null;
  /** Of what was not seen: the kernel option or the setting that would show it, where one is known to. */
  readonly shownBy?: string;
}

/** Judges one invariant. */
export type Check = (cell: CellCase) => Finding;

interface Proof {
  /** The file that shows it. */
  readonly evidence?: EvidenceFile;
  readonly pages?: readonly Pfn[];
}

/** The kernel kept the promise. */
export function kept(why: string, proof: Proof = {}): Finding {
  return finding('kept', why, proof);
}

/** The kernel broke it. */
export function broken(why: string, proof: Proof = {}): Finding {
  return finding('broken', why, proof);
}

/** See `Finding`. */
export function unseen(what: string | Unseen): Finding {
  if (typeof what === 'string') return finding('unseen', what, {});
  const { why, shownBy } = what;
  return { ...finding('unseen', why, {}), ...(shownBy !== undefined && { shownBy }) };
}

/** Nothing is broken, and the promise depends on what the model leaves undecided. */
export function undecided({ why, shownBy }: Doubt): Finding {
  return unseen({ value: null, why: `It depends on what the model cannot know: ${why}`, shownBy });
}

/** See `Finding`. */
export function notAsked(why: string): Finding {
  return finding('not-asked', why, {});
}

function finding(
  outcome: Finding['outcome'],
  why: string,
  { evidence, pages = [] }: Proof,
): Finding {
  return { outcome, why, pages, evidence: evidence ?? null };
}
