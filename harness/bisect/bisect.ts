// SPDX-License-Identifier: MIT
import { UsageError } from '../errors.ts';
import {
  type Answer,
  type Answers,
  type Boot,
  type Change,
  nameChange,
  readAnswers,
} from './answers.ts';
import type { Reason } from './fact.ts';
import type { ChangeRange, SearchStep, Side } from './linear-search.ts';

/** What to look for: the change that broke the invariant, or the one that fixed it. */
export type Find = 'break' | 'fix';

/** What a bisection works with. */
export interface Bisection {
  readonly range: ChangeRange;
  /** Null to find out from the ends. */
  readonly find: Find | null;
  /** Null to take that of the bad end. */
  readonly reason: Reason | null;
  readonly confidence: number;
  /** The boots so far, including those of earlier runs. */
  boots(): readonly Boot[];
  /** Boots the kernel of a change once more; `boots()` then includes it. */
  boot(change: Change): Promise<void>;
  /** Called with what the search does next, for people. */
  readonly onStep: (text: string) => void;
}

type Ending = Exclude<SearchStep, { readonly kind: 'ask' }>;

/** Whether the new end without the change behaves as before it. */
export interface Proof {
  /** `none`: it could not be tried, or not be judged. */
  readonly kind: 'proven' | 'refuted' | 'none';
  /** A sentence. */
  readonly why: string;
}

/** What came of a bisection. */
export interface BisectEnd {
  readonly find: Find;
  /** `end-untold`: an end of the range cannot be judged. */
  readonly outcome:
    | Ending
    | { readonly kind: 'end-untold'; readonly end: Change; readonly why: string };
  /** Null if no change was found, or changes cannot be reverted. */
  readonly proof: Proof | null;
  readonly answers: Answers;
}

/** What each end of the range must be. */
interface Ends {
  readonly find: Find;
  readonly bad: Change;
  readonly good: Change;
}

/**
 * Verifies both ends, narrows the range down, and proves the result by reverting the change. Throws `UsageError` if the
 * ends do not differ, or are swapped, and whatever `boot` throws.
 */
export async function bisect(bisection: Bisection): Promise<BisectEnd> {
  const ends = await chooseEnds(bisection);
  const { find, bad } = ends;
  const untold = await verifyEnds(bisection, ends);
  if (untold) return { find, proof: null, ...untold };
  for (;;) {
    const answers = await settle(bisection, bad);
    const step = await bisection.range.next(sidesOf(answers, find));
    const next = nextBoot(bisection, ends, step);
    if (next) {
      bisection.onStep(`${nameChange(next.change)}; ${next.about}`);
      await bisection.boot(next.change);
    } else if (step.kind === 'found') {
      const proof = await prove(bisection, ends, step.first);
      return { find, outcome: step, proof, answers: await settle(bisection, bad) };
    } else if (step.kind === 'skips-left') {
      return { find, outcome: step, proof: null, answers };
    }
  }
}

/** Returns the result if an end cannot be judged; throws `UsageError` if both ends are alike. */
async function verifyEnds(
  bisection: Bisection,
  ends: Ends,
): Promise<Pick<BisectEnd, 'outcome' | 'answers'> | undefined> {
  // If the bad end shows no fault, the other need not be booted again.
  for (const [end, must] of [
    [ends.bad, 'broken'],
    [ends.good, 'kept'],
  ] as const) {
    const answers = await settle(bisection, ends.bad, end);
    const answer = answers.byChange.get(end.id);
    if (answer?.kind === 'skip') {
      return { outcome: { kind: 'end-untold', end, why: answer.why }, answers };
    }
    if (answer?.kind !== must) throw sameEnds(ends, end === ends.bad ? 'keep' : 'break');
  }
  return undefined;
}

/**
 * What to boot after a step, if anything. A result rests on the one kernel next to it that keeps the invariant, so that
 * one is booted as often as the bad end was.
 */
function nextBoot(
  bisection: Bisection,
  { find, bad }: Ends,
  step: SearchStep,
): { readonly change: Change; readonly about: string } | undefined {
  if (step.kind === 'ask') {
    return {
      change: step.change,
      about: `${step.left} left after it; steps to go: about ${step.steps}`,
    };
  }
  if (step.kind === 'skips-left') return undefined;
  const kept = find === 'break' ? step.before : step.first;
  const isDoubtful = bootsOf(bisection, kept).length < bootsOf(bisection, bad).length;
  return isDoubtful ? { change: kept, about: 'once more, to be sure' } : undefined;
}

function bootsOf(bisection: Bisection, { id }: Change): Boot[] {
  return bisection.boots().filter(({ change }) => change.id === id);
}

/** Boots what must be booted again, of all changes or only of one, until that is settled. */
async function settle(bisection: Bisection, bad: Change, only?: Change): Promise<Answers> {
  const { reason, confidence, onStep } = bisection;
  for (;;) {
    const boots = bisection.boots();
    const answers = readAnswers(boots, { reason, badEnd: bad.id, confidence });
    const again = boots.find(
      ({ change: { id } }) => answers.byChange.get(id) === null && id === (only?.id ?? id),
    );
    if (!again) return answers;
    const { change } = again;
    const done = bootsOf(bisection, change).length;
    onStep(`${nameChange(change)}; once more, after ${done}`);
    await bisection.boot(change);
  }
}

/** Which end is which, by the first boots of both. Throws `UsageError` if the user swapped them. */
async function chooseEnds(bisection: Bisection): Promise<Ends> {
  const { range, find: wanted } = bisection;
  await bootOnce(bisection, range.new, 'the new end');
  await bootOnce(bisection, range.old, 'the old end');
  const shows = (end: Change, kind: Boot['fact']['kind']): boolean =>
    bootsOf(bisection, end).some(({ fact }) => fact.kind === kind);
  const find = wanted ?? (shows(range.old, 'broken') ? 'fix' : 'break');
  const [bad, good] = find === 'break' ? [range.new, range.old] : [range.old, range.new];
  const isBadKept = shows(bad, 'kept') && !shows(bad, 'broken');
  if (isBadKept && shows(good, 'broken')) {
    throw new UsageError(
      `Cannot bisect: good and bad are swapped: ${nameChange(good)} breaks the invariant, ${nameChange(bad)} keeps it; ` +
        `swap them, or look for the ${find === 'break' ? 'fix' : 'break'} with --find`,
    );
  }
  // If the user called neither end bad, it is not worth booting either of them often.
  if (wanted === null && isBadKept && shows(good, 'kept'))
    throw sameEnds({ find, bad, good }, 'keep');
  return { find, bad, good };
}

async function bootOnce(bisection: Bisection, change: Change, what: string): Promise<void> {
  if (bootsOf(bisection, change).length > 0) return;
  bisection.onStep(`${nameChange(change)}; ${what}`);
  await bisection.boot(change);
}

function sameEnds({ bad, good }: Ends, both: 'keep' | 'break'): UsageError {
  const advice =
    both === 'keep'
      ? 'if the fault shows only now and then, say with --find which end to boot more often'
      : 'name one that keeps it';
  return new UsageError(
    `Cannot bisect: both ends ${both} the invariant, ${nameChange(good)} and ${nameChange(bad)}; ${advice}`,
  );
}

const SIDES = {
  break: { kept: 'old', broken: 'new', skip: 'skip' },
  fix: { kept: 'new', broken: 'old', skip: 'skip' },
} as const satisfies Record<Find, Record<Answer['kind'], Side>>;

function sidesOf({ byChange }: Answers, find: Find): Map<string, Side> {
  const sides = new Map<string, Side>();
  for (const [id, answer] of byChange) if (answer) sides.set(id, SIDES[find][answer.kind]);
  return sides;
}

async function prove(
  bisection: Bisection,
  { find, bad }: Ends,
  first: Change,
): Promise<Proof | null> {
  const reverted = await bisection.range.revert(first);
  if (reverted === null) return null;
  if (typeof reverted === 'string') return { kind: 'none', why: reverted };
  await bootOnce(bisection, reverted, 'to prove it');
  const answer = (await settle(bisection, bad)).byChange.get(reverted.id);
  const why = bootsOf(bisection, reverted).at(-1)?.fact.why ?? '';
  if (!answer || answer.kind === 'skip') return { kind: 'none', why: `Without it: ${why}` };
  const kind = SIDES[find][answer.kind] === 'old' ? 'proven' : 'refuted';
  return { kind, why: `The new end without it: ${answer.kind}: ${why}` };
}

/** The kernels on either side of the result: the last before and the first after it, or the ends of the range. */
export function aroundChange(
  { outcome }: BisectEnd,
  range: ChangeRange,
): { readonly before: Change; readonly after: Change } {
  switch (outcome.kind) {
    case 'found':
      return { before: outcome.before, after: outcome.first };
    case 'skips-left':
      return { before: outcome.before, after: outcome.candidates.at(-1) ?? range.new };
    case 'end-untold':
      return { before: range.old, after: range.new };
  }
}
