// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { compareRuns } from '../matrix/compare-cells.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import type { SeriesStep } from '../matrix/series.ts';
import { renderSeriesB4 } from './b4-report.ts';
import { HOSTILE, brokenCell, invariant, runOf } from './testing/run-builder.ts';
import { renderSeries, renderSeriesDocument } from './series-report.ts';
import { parseDocument } from './testing/documents.ts';

const PLAIN = { colour: false, width: 100 };

const KEPT = { ...brokenCell(), judgement: judgedCell().judgement };

function step(name: string, cell = KEPT): SeriesStep {
  const comparison = { base: 'v6.12', ref: 'k', sameImage: false, ...compareRuns([KEPT], [cell]) };
  return { name, refused: null, run: { ...runOf(cell), folder: '/run', comparison } };
}

const BASE: SeriesStep = { name: 'v6.12', refused: null, run: runOf(KEPT) };
const BROKEN = {
  ...KEPT,
  judgement: {
    ...KEPT.judgement,
    invariants: [invariant({ id: 'lowmem.locked', outcome: 'broken', why: '4 pages are free' })],
    verdict: { kind: 'mismatch', broken: ['lowmem.locked'] } as const,
  },
};
const SERIES = {
  steps: [
    BASE,
    step('x86: Claim once'),
    step('x86: Forget the lock', BROKEN),
    { name: HOSTILE, refused: 'Cannot apply 3.patch: init.c: No such file', run: null },
  ],
  cutShort: null,
};

describe('a series', () => {
  it('has a line for each patch, what each changes, and the first bad one', () => {
    expect(renderSeries(SERIES, PLAIN)).toMatchInlineSnapshot(`
      "base  v6.12: match
         1  x86: Claim once: match; no difference
         2  x86: Forget the lock: mismatch; changes 1 of 1 cells
         3  red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>: Cannot apply 3.patch: init.c: No such file

      Patch 2
      Compared with v6.12:

      the cell
        lowmem.locked: not-asked → broken: 4 pages are free

      The first bad patch is 2: x86: Forget the lock
      "
    `);
  });

  it('of which no patch is bad says so', () => {
    expect(renderSeries({ steps: [BASE, step('x86: Claim once')], cutShort: null }, PLAIN)).toMatch(
      /^base  v6\.12: match\n {3}1  x86: Claim once: match; no difference\n\n1 patch checked, none is bad\n$/,
    );
  });

  it('that was cut short says what was not checked', () => {
    const unchecked = { name: 'x86: Forget the lock', refused: null, run: null };
    const steps = [BASE, step('x86: Claim once'), unchecked];
    const text = renderSeries({ steps, cutShort: new Error('Interrupted') }, PLAIN);
    expect(text).toContain('\n   2  x86: Forget the lock: not checked\n');
    expect(text).toContain('2 patches checked, none is bad, 1 could not be judged');
  });

  it('is a JSON document with that of the run of each step', () => {
    expect(parseDocument('series', renderSeriesDocument(SERIES))).toMatchObject({
      schema: 2,
      firstBad: 2,
      steps: [
        { name: 'v6.12', outcome: 'good', run: { cells: [{}] } },
        { outcome: 'good', run: { changes: [] } },
        { outcome: 'bad', run: { changes: [{}] } },
        { outcome: 'bad', refused: 'Cannot apply 3.patch: init.c: No such file', run: null },
      ],
    });
  });

  it('is one result for b4', () => {
    const [result] = JSON.parse(renderSeriesB4(SERIES)) as Record<string, string>[];
    expect(result).toMatchObject({
      tool: 'sub1m',
      status: 'fail',
      summary: 'The first bad patch is 2: x86: Forget the lock',
    });
  });
});
