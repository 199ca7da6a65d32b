// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { planDifferences } from './plan-differences.ts';
import type { PlannedRun } from './planned-run.ts';
import { hash, plan, sourceRun } from './testing/source-run-builder.ts';

function differencesOf(...plans: readonly (PlannedRun | null)[]) {
  return planDifferences(
    plans.map((one, nr) => sourceRun(one, [], { source: `results/${nr + 1}` })),
  );
}

const { matrix, sub1m } = plan();

it('finds none between shards of one matrix, with another limit or name', () => {
  const named = plan({ matrix: { ...matrix, name: './nightly.json' }, limit: 60, shard: '1/2' });
  expect(differencesOf(plan(), named, null)).toEqual([]);
});

it('finds none where no plan is known', () => {
  expect(differencesOf(null, null)).toEqual([]);
});

it.each<[Partial<PlannedRun>, string]>([
  [
    { matrix: { ...matrix, name: 'default', sha256: hash('b'), cells: ['a'] } },
    'expected the matrix of results/1, nightly with 6 cells (sha256 aaaaaaaaaaaaaaaa); ' +
      'found default with 1 cell (sha256 bbbbbbbbbbbbbbbb)',
  ],
  [
    { sub1m: { ...sub1m, version: '0.2.0', code: hash('e') } },
    'expected the code of results/1, sub1m 0.1.0 (sha256 cccccccccccccccc); ' +
      'found sub1m 0.2.0 (sha256 eeeeeeeeeeeeeeee)',
  ],
  [
    { sub1m: { ...sub1m, model: hash('e') } },
    'expected the model of results/1, that of 0.1.0 (sha256 dddddddddddddddd); ' +
      'found that of 0.1.0 (sha256 eeeeeeeeeeeeeeee)',
  ],
])('says what differs: %#', (words, says) => {
  expect(differencesOf(plan(), plan(), plan(words))).toEqual([
    { source: 'results/3', words: says },
  ]);
});
