// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { InvariantOutcome, Judgement } from '../check/judgement.ts';
import { compareCells } from './compare-cells.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';
import { type SeriesStep, firstBad, seriesEnd, stepOutcome } from './series.ts';

const BROKEN: InvariantOutcome = {
  id: 'lowmem.locked',
  outcome: 'broken',
  known: null,
  why: '',
  pages: [],
  evidence: null,
};
const UNJUDGED: Partial<Judgement> = { verdict: { kind: 'unjudged', code: 'E_HOST', why: '' } };

function runOf(judgement: Partial<Judgement> = {}): NonNullable<SeriesStep['run']> {
  const cells = [judgedCell({ judgement })];
  return { id: 'run', folder: '/run', startedAt: '', seconds: 1, cells };
}

/** A patch that makes of a sound kernel one like this. */
function patch(judgement: Partial<Judgement> = {}): SeriesStep {
  const run = runOf(judgement);
  const cells = run.cells.map((cell) => compareCells(judgedCell(), cell));
  const comparison = { base: 'base', ref: 'k', sameImage: false, cells, times: [] };
  return { name: 'patch', refused: null, run: { ...run, comparison } };
}

const BASE: SeriesStep = { name: 'base', refused: null, run: runOf() };
const REFUSED: SeriesStep = { name: 'patch', refused: 'Cannot apply it', run: null };

describe('a series', () => {
  it.each([
    { what: 'good patches', steps: [BASE, patch(), patch()], bad: undefined, end: 'done' },
    {
      what: 'one that breaks something, and one that does not apply',
      steps: [BASE, patch(), patch({ invariants: [BROKEN] }), REFUSED],
      bad: 2,
      end: 'broken',
    },
    { what: 'one that does not build', steps: [BASE, REFUSED, patch()], bad: 1, end: 'broken' },
    { what: 'one that could not be judged', steps: [BASE, patch(UNJUDGED)], end: 'host' },
    { what: 'a base that could not', steps: [{ ...BASE, run: runOf(UNJUDGED) }], end: 'host' },
    {
      what: 'a base that was broken before',
      steps: [{ ...BASE, run: runOf({ invariants: [BROKEN] }) }, patch()],
      bad: undefined,
      end: 'done',
    },
  ])('with $what ends as $end', ({ steps, bad, end }) => {
    expect([firstBad({ steps }), seriesEnd({ steps })]).toEqual([bad, end]);
  });

  it('has a step of which nothing was run unjudged', () => {
    const blind = { name: '', refused: null, run: null };
    expect(stepOutcome(blind)).toBe('unjudged');
    expect(seriesEnd({ steps: [BASE, blind] })).toBe('unjudged');
  });

  it.each([
    { code: 'E_BUG', end: 'bug', withBad: 'broken' },
    { code: 'E_INTERRUPTED', end: 'interrupted', withBad: 'interrupted' },
  ])('of which $code left a patch unjudged ends as $end', ({ code, end, withBad }) => {
    const untold = patch({ verdict: { kind: 'unjudged', code, why: '' } });
    expect(seriesEnd({ steps: [BASE, untold] })).toBe(end);
    expect(seriesEnd({ steps: [BASE, untold, REFUSED] })).toBe(withBad);
  });
});
