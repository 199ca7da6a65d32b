// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { HistoryLine } from './history-line.ts';
import { durations } from './durations.ts';
import { historyLine, keyOf } from './testing/history-builder.ts';

function took(total: number, words: object = {}): HistoryLine {
  return historyLine({ cell: 'a', seconds: { total }, ...words });
}

const A = keyOf('a');

describe('durations()', () => {
  it.each([
    { totals: [7], median: 7, p90: 7 },
    { totals: [9, 1], median: 5, p90: 9 },
    { totals: [3, 1, 2], median: 2, p90: 3 },
    { totals: [10, 1, 9, 2, 8, 3, 7, 4, 6, 5], median: 5.5, p90: 9 },
  ])('gives median $median and 90th percentile $p90 of $totals', ({ totals, median, p90 }) => {
    const found = durations(totals.map((total) => took(total))).get(A);
    expect(found).toEqual({ runs: totals.length, median, p90 });
  });

  it('goes by the newest twenty runs', () => {
    const old = Array.from({ length: 50 }, (_, night) => took(100, { night }));
    const recent = Array.from({ length: 20 }, (_, nr) => took(10, { night: 50 + nr }));
    expect(durations([...old, ...recent]).get(A)).toEqual({ runs: 20, median: 10, p90: 10 });
  });

  it('takes only one accelerator if it is asked to', () => {
    const lines = [took(10), took(90, { accel: 'kvm' })];
    expect(durations(lines).get(A)?.median).toBe(50);
    expect(durations(lines, 'tcg').get(A)?.median).toBe(10);
    expect(durations(lines, 'kvm').get(A)?.median).toBe(90);
  });

  it('knows nothing of a cell that was never judged', () => {
    const blind = took(600, { counted: 'unjudged' });
    expect(durations([blind, historyLine({ seconds: {} })])).toEqual(new Map());
  });
});
