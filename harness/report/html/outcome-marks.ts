// SPDX-License-Identifier: MIT
import type { InvariantOutcome, Judgement } from '../../check/judgement.ts';
import { type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';

/** How something is shown in the heat map: a letter for those who see no colours, and a colour. */
export interface Mark {
  readonly letter: string;
  /** A class of `page.css`. */
  readonly style: 'good' | 'bad' | 'known' | 'unsure' | 'none';
  readonly is: string;
}

/** What becomes of a cell. The page's script knows marks by their letters: none may be there twice. */
export const VERDICT_MARKS = {
  match: { letter: 'M', style: 'good', is: 'match' },
  defect: { letter: 'D', style: 'known', is: 'match, with a known defect' },
  caught: { letter: 'F', style: 'good', is: 'seeded fault caught' },
  missed: { letter: '!', style: 'bad', is: 'seeded fault missed' },
  mismatch: { letter: 'X', style: 'bad', is: 'mismatch' },
  'boot-failure': { letter: 'B', style: 'bad', is: 'boot failure' },
  'no-vmcore': { letter: 'V', style: 'bad', is: 'no vmcore' },
  unjudged: { letter: 'U', style: 'unsure', is: 'unjudged' },
} as const satisfies Record<string, Mark>;

/** What becomes of a promise in a cell. */
export const OUTCOME_MARKS = {
  kept: { letter: 'k', style: 'good', is: 'kept' },
  broken: { letter: 'x', style: 'bad', is: 'broken' },
  known: { letter: 'd', style: 'known', is: 'broken, a known defect' },
  unseen: { letter: '?', style: 'unsure', is: 'could not be seen' },
  'not-asked': { letter: '-', style: 'none', is: 'not asked of this cell' },
} as const satisfies Record<InvariantOutcome['outcome'], Mark>;

/** Every mark. */
export const MARKS: readonly Mark[] = [
  ...Object.values(VERDICT_MARKS),
  ...Object.values(OUTCOME_MARKS),
];

/** How a cell is shown by its verdict. */
export function verdictMark({ judgement }: JudgedCell): Mark {
  const { verdict, fault } = judgement;
  if (fault !== null) return faultMark(judgement);
  if (countedAs(judgement) !== 'match') return VERDICT_MARKS[verdict.kind];
  const isKnown = judgement.invariants.some(({ outcome }) => outcome === 'known');
  return VERDICT_MARKS[isKnown ? 'defect' : 'match'];
}

function faultMark(judgement: Judgement): Mark {
  const counts = { match: 'caught', mismatch: 'missed', unjudged: 'unjudged' } as const;
  return VERDICT_MARKS[counts[countedAs(judgement)]];
}
