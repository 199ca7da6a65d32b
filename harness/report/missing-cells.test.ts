// SPDX-License-Identifier: MIT
import { type FinalResults, Parser } from 'tap-parser';
import { expect, it } from 'vitest';
import { mergeRuns } from '../matrix/merge-runs.ts';
import { sourceRun, third } from '../matrix/testing/source-run-builder.ts';
import { renderJunit } from './junit-report.ts';
import { renderKtap } from './ktap-report.ts';
import { renderTap } from './tap-report.ts';
import { elementsOf } from './testing/xml.ts';

/** One of three shards, whole: the cells of the others are missing. */
const RUN = mergeRuns([sourceRun(third(1), ['a', 'b'])], { unread: [], notes: [], mixed: [] });
const MISSING = RUN.merge.missing.map(({ cell }) => cell);

it('JUnit has an error for each cell that is missing', () => {
  const elements = elementsOf(renderJunit(RUN));
  const errors = elements.filter(({ name }) => name === 'error');
  expect(errors.map(({ attributes }) => attributes['type'])).toEqual(MISSING.map(() => 'missing'));
  const suites = elements.filter(({ name }) => name === 'testsuite');
  expect(suites.map(({ attributes }) => attributes['name'])).toEqual(['a', 'b', ...MISSING]);
});

it('TAP has a point that is not ok for each', () => {
  const lines = renderTap(RUN).split('\n');
  const points = lines.flatMap((line) => /^not ok \d+ - (\S+)$/.exec(line)?.[1] ?? []);
  expect(lines).toContain(`1..${2 + MISSING.length}`);
  const parsed = Parser.parse(renderTap(RUN)).find(
    ([kind]) => kind === 'complete',
  )?.[1] as FinalResults;
  expect(parsed).toMatchObject({ count: 2 + MISSING.length, fail: MISSING.length });
  expect(points).toEqual(MISSING);
});

it('KTAP has a test that is not ok for each, and counts it in its plan', () => {
  const lines = renderKtap(RUN).split('\n');
  expect(lines[1]).toBe(`1..${2 + MISSING.length}`);
  for (const [nr, cell] of MISSING.entries()) expect(lines).toContain(`not ok ${nr + 3} ${cell}`);
});
