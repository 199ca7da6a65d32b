// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { cellKey } from '../history/cell-key.ts';
import type { HistoryLine } from '../history/history-line.ts';
import { type PlannedCell, expand } from '../matrix/expand.ts';
import { outlookFrom } from './night-outlook.ts';
import { planNight } from './night-plan.ts';

const CELLS = expand({
  kernel: ['debian:6.1', 'debian:6.12'],
  crashkernel: [null, '256M'],
  cpus: [1, 2, 4],
});

/** A cell that ran on a day of November, seconds long. */
function ran(cell: PlannedCell, day: number, changes: Partial<HistoryLine> = {}): HistoryLine {
  return {
    schema: 1,
    run: `run-${day}`,
    at: `2026-11-${String(day).padStart(2, '0')}T03:00:00.000Z`,
    cell: cell.id,
    repeat: 1,
    key: cellKey(cell.spec),
    kernel: { ref: cell.spec.kernel, release: 'old', image: 'aa' },
    ovmf: 'bb',
    accel: 'kvm',
    verdict: { counted: 'match', kind: 'match', code: null },
    invariants: {},
    fault: null,
    seconds: { total: 10 },
    sub1m: '0.1.0',
    ...changes,
  };
}

const NO_LIMIT = { jobs: 1 } as const;

describe('outlookFrom', () => {
  const [first, second] = CELLS as [PlannedCell, PlannedCell];

  it('knows nothing of what never ran, and takes its kernel for new', () => {
    expect(outlookFrom([], new Map())(first)).toEqual({
      seconds: 35,
      isMeasured: false,
      lastRun: -Infinity,
      isChanged: true,
      hasFound: false,
      hasMissed: false,
    });
  });

  it('knows how long a cell takes, when it ran, and whether its kernel is another now', () => {
    const lines = [ran(first, 3), ran(first, 5, { seconds: { total: 20, trigger: 1 } })];
    const outlook = outlookFrom(lines, new Map([['debian:6.1', 'new']]));
    expect(outlook(first)).toMatchObject({ seconds: 15, isMeasured: true, isChanged: true });
    expect(outlook(first).lastRun).toBe(Date.parse('2026-11-05T03:00:00.000Z'));
    // Of the same kernel, but it never ran: it has its turn. It takes what crashes take here.
    expect(outlook(second)).toMatchObject({ seconds: 20, isMeasured: false, isChanged: false });
    expect(outlookFrom(lines, new Map([['debian:6.1', 'old']]))(first).isChanged).toBe(false);
  });

  it('looks again at what was broken or could not be judged, for two weeks', () => {
    const broken = { verdict: { counted: 'mismatch', kind: 'mismatch', code: null } } as const;
    const found = (day: number): boolean =>
      outlookFrom([ran(first, day, broken), ran(second, 28)], new Map())(first).hasFound;
    expect(found(20)).toBe(true);
    expect(found(2)).toBe(false);
    const fault = { ...broken, fault: { name: 'one', caught: true } };
    expect(outlookFrom([ran(first, 28, fault)], new Map())(first).hasFound).toBe(false);
  });
});

describe('planNight', () => {
  const lines = CELLS.map((cell, n) => ran(cell, 1 + n, { seconds: { total: 10 * (1 + n) } }));
  const outlook = outlookFrom(lines, new Map());

  it('takes all cells where there is no limit', () => {
    const plan = planNight(CELLS, outlook, NO_LIMIT);
    expect(plan.chosen.map(({ cell }) => cell)).toEqual(CELLS);
    expect(plan.others).toBe(0);
  });

  it('takes so many as all machines of all shards run in the time', () => {
    const time = (limit: number, jobs: number, shard?: string): number =>
      planNight(CELLS, outlook, { ...NO_LIMIT, limit, jobs, shard }).chosen.reduce(
        (sum, { seconds }) => sum + seconds,
        0,
      );
    expect(time(60, 1)).toBe(60);
    expect(time(60, 2)).toBe(100);
    const shards = ['1/3', '2/3', '3/3'].map((shard) => time(100, 1, shard));
    expect(shards.reduce((sum, seconds) => sum + seconds, 0)).toBe(280);
    expect(Math.max(...shards)).toBeLessThanOrEqual(100 + 120 / 2);
  });

  it('gives shards that have each chosen cell once', () => {
    const ids = ['1/3', '2/3', '3/3'].flatMap((shard) =>
      planNight(CELLS, outlook, { ...NO_LIMIT, limit: 50, shard }).chosen.map(
        ({ cell }) => cell.id,
      ),
    );
    const whole = planNight(CELLS, outlook, { ...NO_LIMIT, limit: 150 });
    expect(ids).toEqual(whole.chosen.map(({ cell }) => cell.id));
  });
});
