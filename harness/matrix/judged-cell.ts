// SPDX-License-Identifier: MIT
import type { CellRecord } from '../bundle/cell-record.ts';
import { invariantOf } from '../check/invariants/invariants.ts';
import type { FaultOutcome, Judgement, Verdict } from '../check/judgement.ts';

/** A cell that has run: what it was, and what it says about its kernel. */
export interface JudgedCell {
  readonly record: CellRecord;
  readonly judgement: Judgement;
  /** The path of its bundle. */
  readonly folder: string;
  /** Where the bundle is for now, if it was unpacked from an archive. */
  readonly unpacked?: string;
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
  /** The file of history that it is noted in, if any. */
  readonly historyFile?: string;
  /** Why the run could not be noted in the history that it should be in. */
  readonly historyError?: Error | null;
}

/**
 * How many cells ended how: each counts once, and under `known` too if it shows a known defect. Where nothing but
 * known defects is broken, it counts as a match.
 */
export interface RunSummary {
  readonly match: number;
  readonly mismatch: number;
  readonly unjudged: number;
  readonly known: number;
}

/** What a cell counts as. */
export type CellCount = Exclude<keyof RunSummary, 'known'>;

/** What a cell counts as in the summary of its run, and so in its exit status. */
export function countedAs(judgement: Judgement): CellCount {
  const { verdict, invariants, fault } = judgement;
  if (fault !== null) return countFault(fault, verdict);
  switch (verdict.kind) {
    case 'match':
    case 'mismatch':
    case 'unjudged':
      return verdict.kind;
    case 'boot-failure':
    case 'no-vmcore': {
      const isKnown = invariants.some(
        ({ id, outcome }) => invariantOf(id).ownVerdict === verdict.kind && outcome === 'known',
      );
      const isBroken = invariants.some(({ outcome }) => outcome === 'broken');
      return isKnown && !isBroken ? 'match' : 'mismatch';
    }
  }
}

/** A fault must be caught: that alone is as it should be, whatever else it does to the kernel. */
function countFault({ caught }: FaultOutcome, { kind }: Verdict): CellCount {
  if (caught.length > 0) return 'match';
  return kind === 'unjudged' ? 'unjudged' : 'mismatch';
}

/** Counts the cells of a run by what they say about their kernels. */
export function summary(cells: readonly JudgedCell[]): RunSummary {
  const counts = { match: 0, mismatch: 0, unjudged: 0, known: 0 };
  for (const { judgement } of cells) {
    counts[countedAs(judgement)]++;
    const isSound = judgement.fault === null;
    if (isSound && judgement.invariants.some(({ outcome }) => outcome === 'known')) counts.known++;
  }
  return counts;
}
