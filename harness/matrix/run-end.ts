// SPDX-License-Identifier: MIT
import type { InvariantId } from '../check/invariants/invariants.ts';
import type { Verdict } from '../check/judgement.ts';
import { type End, endOfCode, firstEnd } from '../ends.ts';
import { type JudgedCell, countedAs } from './judged-cell.ts';

const ENDS_OF = { mismatch: 'broken', unjudged: 'unjudged' } as const;

/**
 * How judged cells end a command: a broken invariant goes before a cell that could not be judged. A seeded fault that was
 * caught is a match, whatever else it hid.
 */
export function runEnd(cells: readonly JudgedCell[]): End {
  const ends = cells.flatMap((cell): End[] => {
    const count = countedAs(cell.judgement);
    return count === 'match' ? [] : [ENDS_OF[count], ...untoldEnds(cell)];
  });
  return firstEnd(ends);
}

/** The same for one invariant, whatever else is broken: `done` if it was seen, and kept wherever it applies. */
export function invariantEnd(cells: readonly JudgedCell[], wanted: InvariantId): End {
  const outcomes = cells.map(
    ({ judgement }) => judgement.invariants.find(({ id }) => id === wanted)?.outcome,
  );
  const isSeen = outcomes.some((outcome) => outcome === 'kept' || outcome === 'known');
  const blind = cells.filter((_, nr) => ['unseen', 'not-asked'].includes(outcomes[nr] ?? 'unseen'));
  return firstEnd([
    outcomes.includes('broken') ? 'broken' : 'done',
    isSeen && !outcomes.includes('unseen') ? 'done' : 'unjudged',
    // That a cell without the invariant could not be judged matters only if nobody could have.
    ...blind.flatMap(untoldEnds).filter((end) => end !== 'unjudged'),
  ]);
}

/** How a cell ends a command that could not be judged, in whole or in part; empty if it could. */
export function untoldEnds({ judgement: { verdict } }: Pick<JudgedCell, 'judgement'>): End[] {
  const code = codeOfUntold(verdict);
  if (code === undefined) return [];
  const end = endOfCode(code);
  // What a guest or a dump holds is no file that the user named.
  return [end === 'data' ? 'unjudged' : end];
}

function codeOfUntold(verdict: Verdict): string | undefined {
  if (verdict.kind === 'unjudged') return verdict.code;
  return verdict.kind === 'mismatch' ? verdict.cutShort?.code : undefined;
}
