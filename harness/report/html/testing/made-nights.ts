// SPDX-License-Identifier: MIT
import {
  type MadeCell,
  historyLine,
  madeHistory,
  nightStart,
} from '../../../history/testing/history-builder.ts';
import type { HistoryLine } from '../../../history/history-line.ts';
import type { RunResult } from '../../../matrix/judged-cell.ts';

/** Three nights of a run's cells, of which the run is the last: their `lowmem.locked` breaks in the last. */
export function madeNights(run: RunResult): HistoryLine[] {
  return [0, 1, 2].flatMap((night) =>
    run.cells.map(({ record: { id } }) =>
      historyLine({
        night,
        run: night === 2 ? run.id : `night-${night}`,
        cell: id,
        at: nightStart(night),
        invariants: night === 2 ? { broken: ['lowmem.locked'] } : { kept: ['lowmem.locked'] },
        image: night === 2 ? 'c'.repeat(64) : 'a'.repeat(64),
      }),
    ),
  );
}

/** An image each night: what changes then is no flake. */
const eachNight = (night: number): string => String(night).padStart(64, '0');
const byTurns = (night: number): 'kvm' | 'tcg' => (night % 2 === 1 ? 'kvm' : 'tcg');

/** By number of the cell; the last night is 59. */
const BEFALLEN: Readonly<Record<number, MadeCell>> = {
  0: { accel: byTurns },
  1: { accel: byTurns, broken: (night) => night % 2 === 1 },
  2: { broken: (night) => night === 59, image: eachNight },
  3: { broken: (night) => night >= 40 && night < 59, image: eachNight },
  4: { broken: (night) => night >= 31, image: eachNight },
  5: { broken: (night) => night % 13 === 4 },
  6: { unjudged: (night) => night === 59 },
  7: { broken: (night) => night >= 50, unjudged: (night) => night === 59, image: eachNight },
  8: { fault: 'leak', broken: () => true },
  9: { fault: 'lost', broken: (night) => night < 59, image: eachNight },
};

/** Nights in which something of each kind befell a cell. */
export function madePast(size: { readonly nights: number; readonly cells: number }): HistoryLine[] {
  return [...madeHistory({ ...size, special: BEFALLEN })];
}
