// SPDX-License-Identifier: MIT
import type { HistoryLine } from './history-line.ts';
import { isJudged } from './nights.ts';
import { type Share, wilson95 } from './wilson.ts';

/** How often a cell broke an invariant under an accelerator. */
export interface CellRate {
  readonly key: string;
  readonly invariant: string;
  readonly accel: 'kvm' | 'tcg';
  /** Of the runs that judged it those that saw it broken, known defects among them. */
  readonly broken: Share;
}

/** The rates of cells, by cell, invariant and accelerator, over all images; cells and invariants as they come first. */
export function cellRates(lines: readonly HistoryLine[]): CellRate[] {
  const counts = new Map<string, Tally>();
  for (const line of lines) {
    if (!isJudged(line) || line.accel === null) continue;
    const { key, accel, invariants } = line;
    const { kept = [], known = [], broken = [] } = invariants;
    const add = (invariant: string, isBroken: boolean): void => {
      const place = `${key} ${accel} ${invariant}`;
      const tally = counts.get(place) ?? { key, accel, invariant, broken: 0, of: 0 };
      tally.of += 1;
      tally.broken += Number(isBroken);
      counts.set(place, tally);
    };
    for (const id of kept) add(id, false);
    for (const id of [...known, ...broken]) add(id, true);
  }
  return Array.from(counts.values(), ({ key, invariant, accel, broken, of }) => ({
    key,
    invariant,
    accel,
    broken: wilson95(broken, of),
  }));
}

interface Tally {
  readonly key: string;
  readonly accel: 'kvm' | 'tcg';
  readonly invariant: string;
  broken: number;
  of: number;
}
