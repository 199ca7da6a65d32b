// SPDX-License-Identifier: MIT
import { type CellRate, cellRates } from './cell-rates.ts';
import { type StripNight, cellStrip } from './cell-strip.ts';
import { type Duration, durations } from './durations.ts';
import type { CellNights, Nights } from './nights.ts';

/** One cell over many nights. */
export interface CellHistory {
  readonly key: string;
  readonly cell: string;
  readonly fault: string | null;
  readonly strip: readonly StripNight[];
  readonly rates: readonly CellRate[];
  readonly durations: readonly (Duration & { readonly accel: 'kvm' | 'tcg' })[];
}

const ACCELS = ['kvm', 'tcg'] as const;

/** What a cell showed in all nights; its strip has the last, at most `count`. */
export function cellHistory(nights: Nights, cell: CellNights, count: number): CellHistory {
  const lines = cell.nights.flatMap((one) => one.lines);
  return {
    key: cell.key,
    cell: cell.cell,
    fault: cell.fault,
    strip: cellStrip(nights, cell, count),
    rates: cellRates(lines),
    durations: ACCELS.flatMap((accel) => {
      const found = durations(lines, accel).get(cell.key);
      return found ? [{ accel, ...found }] : [];
    }),
  };
}
