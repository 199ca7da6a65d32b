// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { InvariantOutcome } from '../check/judgement.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { bisectRunStatus, exitCode, invariantExitCode } from './exit-code.ts';

it.each([
  { counts: { match: 2 }, status: 0 },
  { counts: { match: 1, known: 1 }, status: 0 },
  { counts: { mismatch: 1, known: 1 }, status: 1 },
  { counts: { mismatch: 1, unjudged: 1 }, status: 1 },
  { counts: { match: 1, unjudged: 1, known: 2 }, status: 69 },
])('ends a run of $counts with $status', ({ counts, status }) => {
  expect(exitCode({ match: 0, mismatch: 0, unjudged: 0, known: 0, ...counts })).toBe(status);
});

it.each<{ outcomes: InvariantOutcome['outcome'][]; status: number }>([
  { outcomes: ['kept', 'kept'], status: 0 },
  { outcomes: ['kept', 'known'], status: 0 },
  { outcomes: ['unseen', 'broken'], status: 1 },
  { outcomes: ['kept', 'unseen'], status: 69 },
  { outcomes: ['kept', 'not-asked'], status: 0 },
  { outcomes: ['not-asked'], status: 69 },
  { outcomes: [], status: 69 },
])('exits with $status where an invariant is $outcomes', ({ outcomes, status }) => {
  const rest = { known: null, why: '', pages: [], evidence: null };
  const cells = outcomes.map((outcome) =>
    judgedCell({
      judgement: {
        invariants: [
          { id: 'lowmem.locked', outcome, ...rest },
          { id: 'kdump.dmesg', outcome: 'broken', ...rest },
        ],
      },
    }),
  );
  expect(invariantExitCode([...cells, judgedCell()], 'lowmem.locked')).toBe(status);
});

it.each([
  { status: 0, told: 0 },
  { status: 1, told: 1 },
  { status: 65, told: 125 },
  { status: 69, told: 125 },
  { status: 64, told: 192 },
  { status: 70, told: 198 },
  { status: 130, told: 130 },
])('turns $status into $told for git bisect run', ({ status, told }) => {
  expect(bisectRunStatus(status)).toBe(told);
});
