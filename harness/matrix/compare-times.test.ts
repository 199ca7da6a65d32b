// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { compareTimes } from './compare-times.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';

/** Pairs of cells by how long they took to boot, in seconds. */
function pairsOf(times: readonly (readonly [from: number, to: number])[]) {
  const cell = (boot: number) => judgedCell({ record: { seconds: { boot, total: boot } } });
  return times.map(([from, to]) => ({ base: cell(from), cell: cell(to) }));
}

const SLOWER = Array.from({ length: 8 }, (_, nr) => [6 + nr / 8, 9 + nr / 8] as const);

describe('compareTimes', () => {
  it('tells of a phase that takes longer in every one of many cells', () => {
    expect(compareTimes(pairsOf(SLOWER))).toEqual([
      { phase: 'boot', from: 6.4375, to: 9.4375, cells: 8 },
    ]);
  });

  it('tells of one that takes shorter', () => {
    const faster = SLOWER.map(([from, to]) => [to, from] as const);
    expect(compareTimes(pairsOf(faster))).toMatchObject([
      { phase: 'boot', from: 9.4375, to: 6.4375 },
    ]);
  });

  it.each([
    { what: 'few cells', times: SLOWER.slice(1) },
    { what: 'one cell that went the other way', times: [...SLOWER, [6, 5.9] as const] },
    { what: 'one cell that took as long', times: [...SLOWER, [6, 6] as const] },
    { what: 'a small part', times: SLOWER.map(([from]) => [from, from * 1.2] as const) },
    { what: 'a moment', times: SLOWER.map(() => [0.5, 0.9] as const) },
    { what: 'no cell', times: [] },
  ])('says nothing of $what: it may be noise', ({ times }) => {
    expect(compareTimes(pairsOf(times))).toEqual([]);
  });

  it('counts the cells that have the phase', () => {
    const without = { base: judgedCell(), cell: judgedCell({ record: { seconds: {} } }) };
    expect(compareTimes([...pairsOf(SLOWER), without])[0]?.cells).toBe(8);
  });
});
