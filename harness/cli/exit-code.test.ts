// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { exitCode } from './exit-code.ts';

it.each([
  { counts: { match: 2 }, status: 0 },
  { counts: { match: 1, known: 1 }, status: 0 },
  { counts: { mismatch: 1, known: 1 }, status: 1 },
  { counts: { mismatch: 1, unjudged: 1 }, status: 1 },
  { counts: { match: 1, unjudged: 1, known: 2 }, status: 69 },
])('ends a run of $counts with $status', ({ counts, status }) => {
  expect(exitCode({ match: 0, mismatch: 0, unjudged: 0, known: 0, ...counts })).toBe(status);
});
