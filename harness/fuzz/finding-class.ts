// SPDX-License-Identifier: MIT
import { withoutNumbers } from '../bisect/fact.ts';
import type { Judgement, Verdict } from '../check/judgement.ts';
import { LOW_PAGES } from '../memory/pfn.ts';
import { countedAs } from '../matrix/judged-cell.ts';

/** What a machine showed of a kernel. */
export type CaseOutcome =
  | { readonly kind: 'match' }
  | { readonly kind: 'unjudged'; readonly why: string }
  /** `class` is the same for what has the same cause; `why` is about this machine. */
  | { readonly kind: 'found'; readonly class: string; readonly why: string };

/**
 * What a judged cell counts as for the fuzzer. A class of findings is the broken invariants, with the functions that by
 * the model gave their pages the owners that they have; or the last line of a kernel that died, without its numbers.
 */
export function outcomeOf(judgement: Judgement): CaseOutcome {
  const { verdict } = judgement;
  switch (countedAs(judgement)) {
    case 'match':
      return { kind: 'match' };
    case 'unjudged':
      return { kind: 'unjudged', why: verdict.kind === 'unjudged' ? verdict.why : verdict.kind };
    case 'mismatch':
      return { kind: 'found', class: classOf(judgement), why: whyOf(judgement) };
  }
}

function classOf(judgement: Judgement): string {
  const { verdict } = judgement;
  const end = endOf(verdict);
  if (end !== null) return end;
  const ids = brokenIn(judgement).map(({ id }) => id);
  const steps = stepsOf(judgement);
  return `${ids.join(' + ')}${steps.length > 0 ? `: ${steps.join(', ')}` : ''}`;
}

function endOf(verdict: Verdict): string | null {
  switch (verdict.kind) {
    case 'boot-failure':
      return `boot-failure: ${withoutNumbers(messageIn(verdict.lastLine))}`;
    case 'no-vmcore':
      return `no-vmcore: lost in the ${verdict.phase}`;
    case 'match':
    case 'mismatch':
    case 'unjudged':
      return null;
  }
}

/** What a line of a log says: without its time, and without what panic() puts around it at the end. */
function messageIn(line: string): string {
  const text = line.replace(/^\[[ 0-9.]{1,40}\] ?/, '').trim();
  return text.replace(/^---\[ end /, '').replace(/ \]---$/, '');
}

/** The functions that gave the pages of broken invariants their last owner, by name. */
function stepsOf(judgement: Judgement): string[] {
  const pages = new Set(brokenIn(judgement).flatMap((broken) => broken.pages));
  const steps = [...pages]
    .filter((page) => page < LOW_PAGES)
    .flatMap((page) => judgement.prediction?.pages[page]?.history.at(-1)?.step ?? []);
  return [...new Set(steps)].toSorted();
}

function whyOf(judgement: Judgement): string {
  const { verdict, prediction } = judgement;
  const broken = brokenIn(judgement).map(({ id, why }) => `${id}: ${why}`);
  if (verdict.kind !== 'boot-failure') return broken.join('; ');
  return prediction?.panic
    ? `${verdict.lastLine}; the model says so: ${prediction.panic.step}`
    : verdict.lastLine;
}

function brokenIn({ invariants }: Judgement): Judgement['invariants'] {
  return invariants.filter(({ outcome }) => outcome === 'broken');
}
