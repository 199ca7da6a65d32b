// SPDX-License-Identifier: MIT
import type { InvariantId } from '../check/invariants/invariants.ts';
import type { JudgedCell, RunSummary } from '../matrix/judged-cell.ts';

/** The exit status of judged cells: a broken invariant goes before a cell that could not be judged. */
export function exitCode({ mismatch, unjudged }: RunSummary): 0 | 1 | 69 {
  if (mismatch > 0) return 1;
  return unjudged > 0 ? 69 : 0;
}

/** The same for one invariant, whatever else is broken: 0 if it was seen, and kept wherever it applies. */
export function invariantExitCode(cells: readonly JudgedCell[], wanted: InvariantId): 0 | 1 | 69 {
  const outcomes = cells.flatMap(({ judgement }) =>
    judgement.invariants.filter(({ id }) => id === wanted).map(({ outcome }) => outcome),
  );
  if (outcomes.includes('broken')) return 1;
  const isSeen = outcomes.some((outcome) => outcome === 'kept' || outcome === 'known');
  return isSeen && !outcomes.includes('unseen') ? 0 : 69;
}

/**
 * The exit status for `git bisect run`: 0 and 1 are good and bad, 125 is skip, and from 128 on it stops, so that a wrong
 * command line marks no commit (git-bisect(1), "Bisect run").
 */
export function bisectRunStatus(status: number): number {
  const UNTESTED = 125;
  const STOP = 128;
  if (status === 0 || status === 1) return status;
  return status === 65 || status === 69 ? UNTESTED : STOP + (status % STOP);
}
