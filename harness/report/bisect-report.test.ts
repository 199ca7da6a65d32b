// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { type Change, readAnswers } from '../bisect/answers.ts';
import type { BisectEnd } from '../bisect/bisect.ts';
import { type Sign, bootOf, changes } from '../bisect/testing/change-builder.ts';
import type { InvariantOutcome } from '../check/judgement.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { type BisectReport, renderBisectDocument, renderBisectReport } from './bisect-report.ts';
import { parseDocument } from './testing/documents.ts';

const STYLE = { colour: false, width: 80 };

function cell(outcome: 'kept' | 'broken'): JudgedCell {
  const known = { known: null, pages: [], evidence: null };
  const invariant: InvariantOutcome = { id: 'lowmem.locked', outcome, why: 'as seen', ...known };
  return judgedCell({ judgement: { invariants: [invariant] } });
}

/** A bisection of five changes; `ends` says which of them the outcome speaks of. */
function report(outcomeOf: (list: readonly Change[]) => BisectEnd['outcome']): BisectReport {
  const list = changes('1', '2', '3', '4', '5');
  const signs: readonly Sign[] = ['+', '+', '-', '?', '-'];
  const boots = list.flatMap((change, index) => bootOf(change, signs[index] ?? '?'));
  const [before, after] = [cell('kept'), cell('broken')];
  return {
    invariant: 'lowmem.locked',
    spec: before.record.spec,
    find: 'break',
    range: { old: list[0] as Change, new: list[4] as Change, length: 4 },
    outcome: outcomeOf(list),
    answers: readAnswers(boots, { reason: null, badEnd: '5', confidence: 0.99 }),
    proof: { kind: 'proven', why: 'The new end without it: kept' },
    boots,
    earlier: 2,
    before,
    after,
    log: 'git bisect start\n# first bad commit: [3]\n',
    folder: 'results/bisect-1',
  };
}

const found = report(
  ([, before, first]) => ({ kind: 'found', before, first }) as BisectEnd['outcome'],
);

it('shows people what was found, the evidence for it, and how to check it', () => {
  const text = renderBisectReport(found, STYLE);
  // The rows of both maps say nothing here.
  const lines = text.split('\n').filter((line) => !/^ {2}0x|\+0x0 /.test(line));
  expect(lines.join('\n')).toMatchInlineSnapshot(`
    "lowmem.locked is broken from here on:
      3 ("Change 3")
      the last before it: 2 ("Change 2")

    before, 6.12.43+deb12-cloud-amd64: kept: as seen

    after, 6.12.43+deb12-cloud-amd64: broken: as seen

      ?  unknown: neither predicted nor observed

    Skipped:
      4 ("Change 4"): it does not build

    Proven by reverting it
      The new end without it: kept

    To replay (git bisect replay):
      git bisect start
      # first bad commit: [3]

    4 changes, 4 boots, 1 without a kernel, 2 of these answers by earlier runs; kept once counts as kept
    Bundles: results/bisect-1
    "
  `);
  expect(text.match(/\+0x0 /g)).toHaveLength(2);
});

it.each<[outcome: BisectEnd['outcome'], words: string]>([
  [
    { kind: 'skips-left', before: changes('2')[0] as Change, candidates: changes('3', '4') },
    'it is one of these, and sub1m cannot tell which:\n  3 ("Change 3")\n  4 ("Change 4")',
  ],
  [
    { kind: 'end-untold', end: changes('5')[0] as Change, why: 'it does not build' },
    'Cannot tell whether an end of the range keeps lowmem.locked:\n  5 ("Change 5"): it does not build',
  ],
])('says what it could not find out: %j', (outcome, words) => {
  const untold = { ...found, outcome, before: null, after: null, proof: null, log: null };
  expect(renderBisectReport(untold, STYLE)).toContain(words);
});

it('gives programs all of it', () => {
  const document = parseDocument('bisect', renderBisectDocument(found));
  expect(document).toMatchObject({
    schema: 2,
    invariant: 'lowmem.locked',
    find: 'break',
    outcome: { kind: 'found', first: { id: '3' } },
    before: { invariants: [{ id: 'lowmem.locked', outcome: 'kept' }] },
    after: { invariants: [{ outcome: 'broken' }] },
    boots: { total: 4, earlier: 2, keptWanted: 1 },
    proof: { kind: 'proven' },
    log: found.log,
  });
  expect(document).toMatchObject({
    answers: [
      { id: '1', answer: 'kept', kept: 1, broken: 0 },
      { id: '2' },
      { id: '3', answer: 'broken', broken: 1, bundles: ['results/3'] },
      { id: '4', answer: 'skip', why: 'it does not build', bundles: [] },
      { id: '5' },
    ],
  });
});
