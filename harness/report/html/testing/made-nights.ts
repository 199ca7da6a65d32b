// SPDX-License-Identifier: MIT
import { historyLine, nightStart } from '../../../history/testing/history-builder.ts';
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
