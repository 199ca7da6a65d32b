// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { flakyCells } from './flaky-cells.ts';
import type { HistoryLine } from './history-line.ts';
import { nightsOf } from './nights.ts';
import { historyLine, nightStart } from './testing/history-builder.ts';

const KEPT = { kept: ['lowmem.locked', 'boot.sound'] };
const BROKEN = { kept: ['boot.sound'], broken: ['lowmem.locked'] };

function flaky(...lines: readonly HistoryLine[]): ReturnType<typeof flakyCells> {
  return flakyCells(nightsOf(lines));
}

describe('flakyCells()', () => {
  it('finds an invariant that the same image keeps and breaks, with how often', () => {
    const found = flaky(
      historyLine({ invariants: KEPT }),
      historyLine({ invariants: BROKEN, night: 1 }),
      historyLine({ invariants: KEPT, night: 2 }),
      historyLine({ invariants: KEPT, night: 2, repeat: 2 }),
    );
    expect(found).toMatchObject([
      {
        cell: 'debian-6.12.no-crashkernel',
        invariant: 'lowmem.locked',
        accel: 'tcg',
        broken: { count: 1, of: 4 },
        last: nightStart(1),
      },
    ]);
    expect(found).toHaveLength(1);
  });

  it.each([
    { what: 'image', other: { image: 'd'.repeat(64) } },
    { what: 'firmware', other: { ovmf: 'd'.repeat(64) } },
    { what: 'accelerator', other: { accel: 'kvm' } },
    { what: 'cell', other: { cell: 'another', key: '0123456789abcdef' } },
  ] as const)('takes another $what for a change, not for a flake', ({ other }) => {
    const first = historyLine({ invariants: KEPT });
    expect(flaky(first, historyLine({ invariants: BROKEN, night: 1 }))).toHaveLength(1);
    expect(flaky(first, historyLine({ invariants: BROKEN, night: 1, ...other }))).toEqual([]);
  });

  it.each([{ image: null }, { ovmf: null }, { accel: null }])(
    'does not know whether it was the same image without %o',
    (unknown) => {
      const lines = [KEPT, BROKEN].map((invariants) => historyLine({ invariants, ...unknown }));
      expect(flaky(...lines)).toEqual([]);
    },
  );

  it('sees a known defect that shows at times', () => {
    const known = { known: ['lowmem.locked'] };
    const lines = [historyLine({ invariants: KEPT }), historyLine({ invariants: known, night: 1 })];
    expect(flaky(...lines)).toMatchObject([{ broken: { count: 1, of: 2 } }]);
  });

  it('counts no run that could not be judged', () => {
    const blind = historyLine({ invariants: BROKEN, counted: 'unjudged', night: 1 });
    expect(flaky(historyLine({ invariants: KEPT }), blind)).toEqual([]);
  });

  it('forgets images that were not run for a week', () => {
    const lines = [
      historyLine({ invariants: KEPT }),
      historyLine({ invariants: BROKEN, night: 1 }),
    ];
    const later = (night: number): HistoryLine =>
      historyLine({ invariants: KEPT, image: 'e', night });
    expect(flaky(...lines, later(8))).toHaveLength(1);
    expect(flaky(...lines, later(9))).toEqual([]);
  });
});
