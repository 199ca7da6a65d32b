// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type StripNight, cellStrip } from './cell-strip.ts';
import type { HistoryLine } from './history-line.ts';
import { nightsOf } from './nights.ts';
import { historyLine, keyOf, nightStart } from './testing/history-builder.ts';

/** The strip of cell `a`; another cell is run in all of seven nights. */
function strip(lines: readonly HistoryLine[], count = 7): StripNight[] {
  const all = Array.from({ length: 7 }, (_, night) => historyLine({ cell: 'b', night }));
  const sorted = [...all, ...lines].toSorted((one, other) => (one.at < other.at ? -1 : 1));
  const nights = nightsOf(sorted);
  const cell = nights.cells.get(keyOf('a'));
  if (!cell) throw new Error('Expected the cell');
  return cellStrip(nights, cell, count);
}

const BROKEN = { broken: ['lowmem.locked'] };

describe('cellStrip()', () => {
  it('has a mark for each night', () => {
    const lines = [
      historyLine({ cell: 'a', night: 1 }),
      historyLine({ cell: 'a', night: 2, invariants: { known: ['lowmem.locked'] } }),
      historyLine({ cell: 'a', night: 3, invariants: BROKEN }),
      historyLine({ cell: 'a', night: 4, invariants: BROKEN }),
      historyLine({ cell: 'a', night: 4, repeat: 2 }),
      historyLine({ cell: 'a', night: 5, counted: 'unjudged' }),
    ];
    expect(strip(lines).map(({ mark }) => mark)).toEqual([
      'not-run',
      'match',
      'known',
      'broken',
      'flaky',
      'unjudged',
      'not-run',
    ]);
    expect(strip(lines, 2).map(({ start }) => start)).toEqual([nightStart(5), nightStart(6)]);
  });

  it('marks a night broken, not flaky, if it was another image or accelerator', () => {
    const [good, bad] = [{ cell: 'a' }, { cell: 'a', invariants: BROKEN }];
    const marks = (...lines: readonly HistoryLine[]): string | undefined => strip(lines)[0]?.mark;
    expect(marks(historyLine(good), historyLine(bad))).toBe('flaky');
    expect(marks(historyLine({ ...bad, accel: 'kvm' }), historyLine(good))).toBe('broken');
    expect(marks(historyLine({ ...good, image: '1' }), historyLine(bad))).toBe('broken');
    expect(marks(historyLine({ ...bad, image: '1' }), historyLine(good))).toBe('match');
  });

  it('says where the image is another, also after nights without one', () => {
    const images = ['1', '1', null, '1', null, '2', '2'];
    const lines = images.map((image, night) =>
      historyLine({ cell: 'a', night, image, counted: image === null ? 'unjudged' : 'match' }),
    );
    expect(strip(lines).map(({ isNewImage }) => Number(isNewImage))).toEqual([0, 0, 0, 0, 0, 1, 0]);
  });

  it('takes a seeded fault that is caught for a match, whatever it breaks', () => {
    const fault = { cell: 'a', fault: 'leak', counted: 'match', invariants: BROKEN } as const;
    const known = { broken: ['lowmem.locked'], known: ['boot.sound'] };
    const lines = [
      historyLine(fault),
      historyLine({ ...fault, night: 1, invariants: known }),
      historyLine({ ...fault, night: 2, counted: 'mismatch', invariants: {} }),
    ];
    expect(
      strip(lines)
        .map(({ mark }) => mark)
        .slice(0, 3),
    ).toEqual(['match', 'match', 'broken']);
  });
});
