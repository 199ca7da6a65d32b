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

/** What is looked for: the change that breaks the invariant, or the one from which on it is kept. */
export type Find = 'break' | 'fix';

/** What a bisection works with. */
export interface Bisection {
  readonly range: ChangeRange;
  /** Null to find out by the ends. */
  readonly find: Find | null;
  /** Null to take the bad end's. */
  readonly reason: Reason | null;
  readonly confidence: number;
  /** The boots so far, of earlier runs too. */
  boots(): readonly Boot[];
  /** Boots the kernel of a change once more: `boots()` then has it. */
  boot(change: Change): Promise<void>;
  /** Told what the search is about, for people. */
  readonly onStep: (text: string) => void;
}

type Ending = Exclude<SearchStep, { readonly kind: 'ask' }>;

/** Whether the new end without the change is as it was before it. */
export interface Proof {
  /** `none`: it could not be tried, or told. */
  readonly kind: 'proven' | 'refuted' | 'none';
  /** A sentence. */
  readonly why: string;
}

/** What came of a bisection. */
export interface BisectEnd {
  readonly find: Find;
  /** `end-untold`: whether an end of the range keeps the invariant cannot be told. */
  readonly outcome:
    | Ending
    | { readonly kind: 'end-untold'; readonly end: Change; readonly why: string };
  /** Null where no change was found, or changes cannot be reverted. */
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
 * Verifies both ends, narrows the range down, and proves what it found by reverting it. Throws `UsageError` if the ends do
 * not differ, or differ the other way round, and whatever `boot` throws.
 */
export async function bisect(bisection: Bisection): Promise<BisectEnd> {
  const { range } = bisection;
  const { find, bad, good } = await chooseEnds(bisection);
  const answers = await settleAll(bisection, bad);
  const untold = findUntold([bad, good], answers);
  if (untold) return { find, outcome: { kind: 'end-untold', ...untold }, proof: null, answers };
  requireDifference({ find, bad, good }, answers);
  for (;;) {
    const settled = await settleAll(bisection, bad);
    const step = await range.next(sidesOf(settled, find));
    const doubtful =
      step.kind === 'found' ? findDoubtful(bisection, { find, bad, good }, step) : undefined;
    if (step.kind === 'ask') {
      await askStep(bisection, step, settled);
    } else if (doubtful) {
      bisection.onStep(`${nameChange(doubtful)}; once more, to be sure`);
      await bisection.boot(doubtful);
    } else {
      const proof =
        step.kind === 'found' ? await prove(bisection, { find, bad, good }, step.first) : null;
      return { find, outcome: step, proof, answers: await settleAll(bisection, bad) };
    }
  }
}

/**
 * What was found rests on the one kernel beside it that keeps the invariant: that one is booted as often as the bad end
 * was. Undefined if it has been.
 */
function findDoubtful(
  { boots }: Pick<Bisection, 'boots'>,
  { find, bad }: Ends,
  { first, before }: Extract<SearchStep, { readonly kind: 'found' }>,
): Change | undefined {
  const kept = find === 'break' ? before : first;
  const count = ({ id }: Change): number => boots().filter(({ change }) => change.id === id).length;
  return count(kept) < count(bad) ? kept : undefined;
}

async function askStep(
  { boot, onStep }: Pick<Bisection, 'boot' | 'onStep'>,
  { change, left, steps }: Extract<SearchStep, { readonly kind: 'ask' }>,
  { byChange }: Answers,
): Promise<void> {
  if (byChange.has(change.id)) throw new Error(`Asked twice for ${change.id}`);
  onStep(`${nameChange(change)}; ${left} left after it, about ${steps} steps`);
  await boot(change);
}

/** Boots what must be booted again until every answer is settled. */
async function settleAll(bisection: Bisection, bad: Change): Promise<Answers> {
  const { reason, confidence, onStep } = bisection;
  for (;;) {
    const boots = bisection.boots();
    const answers = readAnswers(boots, { reason, badEnd: bad.id, confidence });
    const again = boots.find(({ change }) => answers.byChange.get(change.id) === null);
    if (!again) return answers;
    const { change } = again;
    const done = boots.filter((boot) => boot.change.id === change.id).length;
    onStep(`${nameChange(change)}; once more, after ${done} of ${answers.wanted}`);
    await bisection.boot(change);
  }
}

/** Which end is which, by the first boots of both. Throws `UsageError` if the user has it the wrong way round. */
async function chooseEnds(bisection: Bisection): Promise<Ends> {
  const { range, find: wanted } = bisection;
  await bootOnce(bisection, range.new, 'the new end');
  await bootOnce(bisection, range.old, 'the old end');
  const shows = (end: Change, kind: Boot['fact']['kind']): boolean =>
    bisection.boots().some(({ change, fact }) => change.id === end.id && fact.kind === kind);
  const find = wanted ?? (shows(range.old, 'broken') ? 'fix' : 'break');
  const [bad, good] = find === 'break' ? [range.new, range.old] : [range.old, range.new];
  const isBadKept = shows(bad, 'kept') && !shows(bad, 'broken');
  if (isBadKept && shows(good, 'broken')) {
    throw new UsageError(
      `Cannot bisect: good and bad are swapped: ${nameChange(good)} breaks the invariant, ${nameChange(bad)} keeps it; ` +
        `swap them, or look for the ${find === 'break' ? 'fix' : 'break'} with --find`,
    );
  }
  // Where neither end was said to be bad, none is worth the boots to find out whether it seldom is.
  if (wanted === null && isBadKept && shows(good, 'kept'))
    throw sameEnds({ find, bad, good }, 'keep');
  return { find, bad, good };
}

async function bootOnce(bisection: Bisection, change: Change, what: string): Promise<void> {
  if (bisection.boots().some((boot) => boot.change.id === change.id)) return;
  bisection.onStep(`${nameChange(change)}; ${what}`);
  await bisection.boot(change);
}

function findUntold(
  ends: readonly Change[],
  { byChange }: Answers,
): { readonly end: Change; readonly why: string } | undefined {
  for (const end of ends) {
    const answer = byChange.get(end.id);
    if (answer?.kind === 'skip') return { end, why: answer.why };
  }
  return undefined;
}

function requireDifference(ends: Ends, { byChange }: Answers): void {
  if (byChange.get(ends.bad.id)?.kind === 'kept') throw sameEnds(ends, 'keep');
  if (byChange.get(ends.good.id)?.kind === 'broken') throw sameEnds(ends, 'break');
}

function sameEnds({ bad, good }: Ends, both: 'keep' | 'break'): UsageError {
  const advice =
    both === 'keep'
      ? 'if it shows only now and then, --find says which end to boot more often'
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
  const answer = (await settleAll(bisection, bad)).byChange.get(reverted.id);
  const { why } = bisection.boots().findLast(({ change }) => change.id === reverted.id)?.fact ?? {
    why: '',
  };
  if (!answer || answer.kind === 'skip')
    return { kind: 'none', why: `Without it: ${answer?.why ?? why}` };
  const kind = SIDES[find][answer.kind] === 'old' ? 'proven' : 'refuted';
  return { kind, why: `The new end without it: ${answer.kind}: ${why}` };
}

/** The changes around what was found: the last before it and the first after it, or the ends of the range. */
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
