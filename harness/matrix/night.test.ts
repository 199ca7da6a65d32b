// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type PlannedCell, expand } from './expand.ts';
import { type CellOutlook, chooseCells } from './night.ts';

const [standard] = expand({ kernel: ['debian:6.12'] });

function cell(id: string): PlannedCell {
  if (!standard) throw new Error('Expected a cell');
  return { ...standard, id };
}

const OUTLOOK: CellOutlook = {
  seconds: 10,
  isMeasured: true,
  lastRun: 0,
  isChanged: false,
  hasFound: false,
  hasMissed: false,
};

/** What is known of cells, by id. */
function outlooks(known: Readonly<Record<string, Partial<CellOutlook>>>) {
  return ({ id }: PlannedCell): CellOutlook => ({ ...OUTLOOK, ...known[id] });
}

describe('chooseCells', () => {
  it('takes what is worth most, and keeps the order of the matrix', () => {
    const cells = ['a', 'b', 'c', 'd', 'e'].map((id) => cell(id));
    const known = outlooks({
      a: { lastRun: 3 },
      b: { lastRun: 1 },
      c: { hasFound: true, lastRun: 9 },
      d: { isChanged: true, lastRun: 9 },
      e: { lastRun: 2 },
    });
    const chosen = (budget: number): string[] =>
      chooseCells(cells, known, budget).map((one) => `${one.cell.id} ${one.worth}`);
    expect(chosen(10)).toEqual(['d changed']);
    expect(chosen(20)).toEqual(['c found', 'd changed']);
    expect(chosen(30)).toEqual(['b turn', 'c found', 'd changed']);
    expect(chosen(1000)).toHaveLength(5);
  });

  it('goes over a cell that takes too long, and takes the next', () => {
    const known = outlooks({ a: { seconds: 100, isChanged: true } });
    expect(chooseCells([cell('a'), cell('b')], known, 50).map((one) => one.cell.id)).toEqual(['b']);
  });

  it('gives every cell its turn', () => {
    const cells = Array.from({ length: 40 }, (_, n) => cell(`c${n}`));
    const lastRun = new Map<string, number>();
    for (let night = 1; night <= 7; night++) {
      const known = ({ id }: PlannedCell): CellOutlook => ({
        ...OUTLOOK,
        lastRun: lastRun.get(id) ?? -Infinity,
      });
      for (const one of chooseCells(cells, known, 60)) lastRun.set(one.cell.id, night);
    }
    expect(lastRun.size).toBe(40);
  });
});
