// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { Verdict } from '../check/judgement.ts';
import { judgedCell } from './judged-cell-builder.ts';
import { summary } from './judged-cell.ts';

it('counts cells that did not boot or gave no vmcore as a mismatch', () => {
  const verdicts: Verdict[] = [
    { kind: 'match' },
    { kind: 'match' },
    { kind: 'mismatch', broken: ['lowmem.locked'] },
    { kind: 'boot-failure', lastLine: 'Kernel panic - not syncing: no init' },
    { kind: 'no-vmcore', phase: 'capture' },
    { kind: 'unjudged', code: 'E_DEADLINE', why: 'Waited 60 s for boot' },
  ];
  const cells = verdicts.map((verdict) => judgedCell({ judgement: { verdict } }));
  expect(summary(cells)).toEqual({ match: 2, mismatch: 3, unjudged: 1, known: 0 });
});

it('counts a cell that shows a known defect under its verdict and as known', () => {
  const invariant = { id: 'lowmem.locked', why: '', pages: [], evidence: null } as const;
  const invariants = [
    { ...invariant, outcome: 'known' },
    { ...invariant, outcome: 'known' },
  ] as const;
  const cells = [judgedCell({ judgement: { invariants } }), judgedCell()];
  expect(summary(cells)).toEqual({ match: 2, mismatch: 0, unjudged: 0, known: 1 });
});
