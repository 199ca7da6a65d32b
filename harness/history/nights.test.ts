// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { HistoryLine } from './history-line.ts';
import { nightsOf, verdictOfNight } from './nights.ts';
import { historyLine, keyOf } from './testing/history-builder.ts';

function lineAt(at: string, cell = 'a'): HistoryLine {
  return historyLine({ at: `${at}:00.000Z`, run: at, cell });
}

describe('nightsOf()', () => {
  it('takes the shards of a night together, over midnight and until noon', () => {
    const { starts, cells } = nightsOf([
      lineAt('2026-11-01T23:50', 'a'),
      lineAt('2026-11-02T00:05', 'b'),
      lineAt('2026-11-02T09:00', 'a'),
      lineAt('2026-11-02T23:50', 'a'),
    ]);
    expect(starts).toEqual(['2026-11-01T23:50:00.000Z', '2026-11-02T23:50:00.000Z']);
    const nights = cells.get(keyOf('a'))?.nights ?? [];
    expect(nights.map(({ night, lines }) => [night, lines.length])).toEqual([
      [0, 2],
      [1, 1],
    ]);
  });

  it('begins a night twelve hours after the one before', () => {
    const [before, after] = ['2026-11-02T11:49', '2026-11-02T11:50'];
    expect(nightsOf([lineAt('2026-11-01T23:50'), lineAt(before)]).starts).toHaveLength(1);
    expect(nightsOf([lineAt('2026-11-01T23:50'), lineAt(after)]).starts).toHaveLength(2);
  });

  it('knows a cell by its key, and calls it as its newest run does', () => {
    const key = keyOf('x');
    const { cells } = nightsOf([
      historyLine({ cell: 'vmlinuz.2', key }),
      historyLine({ cell: 'vmlinuz', key, night: 1, fault: 'leak' }),
    ]);
    expect([...cells.keys()]).toEqual([key]);
    expect(cells.get(key)).toMatchObject({ cell: 'vmlinuz', fault: 'leak' });
  });

  it('has no night without a run', () => {
    expect(nightsOf([])).toEqual({ starts: [], cells: new Map() });
  });
});

const locked = { kept: ['boot.userspace'], broken: ['lowmem.locked'] };
const kept = { kept: ['boot.userspace', 'lowmem.locked'] };
const known = { kept: ['boot.userspace'], known: ['lowmem.locked'] };

describe('verdictOfNight()', () => {
  const verdict = (...lines: readonly HistoryLine[]): readonly unknown[] => {
    const { counted, outcomes } = verdictOfNight({ night: 0, lines });
    return [counted, outcomes.get('lowmem.locked')];
  };

  it('takes the worst of several runs on one image', () => {
    const [good, bad] = [historyLine({ invariants: kept }), historyLine({ invariants: locked })];
    expect(verdict(good, bad, good)).toEqual(['mismatch', 'broken']);
    const defect = historyLine({ invariants: known });
    expect(verdict(defect, good)).toEqual(['match', 'known']);
    expect(verdict(bad, defect)).toEqual(['mismatch', 'broken']);
  });

  it('takes the worst under both accelerators', () => {
    const bad = historyLine({ invariants: locked, accel: 'kvm' });
    expect(verdict(bad, historyLine({ invariants: kept }))).toEqual(['mismatch', 'broken']);
  });

  it('goes by the newest image: one that was mended in the night is mended', () => {
    const bad = historyLine({ invariants: locked, image: '1' });
    const good = historyLine({ invariants: kept, image: '2' });
    expect(verdict(bad, good)).toEqual(['match', 'kept']);
    expect(verdict(good, bad)).toEqual(['mismatch', 'broken']);
  });

  it('is unjudged only if no run could judge', () => {
    const blind = historyLine({ counted: 'unjudged', invariants: locked, image: null });
    expect(verdict(blind)).toEqual(['unjudged', undefined]);
    expect(verdict(historyLine({ invariants: kept }), blind)).toEqual(['match', 'kept']);
  });
});
