// SPDX-License-Identifier: MIT
import type { CellRecord } from '../bundle/cell-record.ts';
import type { Judgement, Verdict } from '../check/judgement.ts';

/** A cell that has run: what it was, and what it says of its kernel. */
export interface JudgedCell {
  readonly record: CellRecord;
  readonly judgement: Judgement;
  /** The path of its bundle. */
  readonly folder: string;
}

/** One execution of a matrix, or the same judged again. */
export interface RunResult {
  readonly id: string;
  readonly folder: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly seconds: number;
  /** In matrix order. */
  readonly cells: readonly JudgedCell[];
}

/** How many cells ended how: each counts once, and under `known` too if it shows a known defect. */
export interface RunSummary {
  readonly match: number;
  readonly mismatch: number;
  readonly unjudged: number;
  readonly known: number;
}

const COUNTED_AS: Record<Verdict['kind'], Exclude<keyof RunSummary, 'known'>> = {
  match: 'match',
  mismatch: 'mismatch',
  'boot-failure': 'mismatch',
  'no-vmcore': 'mismatch',
  unjudged: 'unjudged',
};

/** Counts the cells of a run by what they say of their kernels. */
export function summary(cells: readonly JudgedCell[]): RunSummary {
  const counts = { match: 0, mismatch: 0, unjudged: 0, known: 0 };
  for (const { judgement } of cells) {
    counts[COUNTED_AS[judgement.verdict.kind]]++;
    if (judgement.invariants.some(({ outcome }) => outcome === 'known')) counts.known++;
  }
  return counts;
}
