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
  const tallies = new Map<string, Tally>();
  for (const line of lines) {
    const { key, accel, invariants } = line;
    if (!isJudged(line) || accel === null) continue;
    const place = `${key} ${accel}`;
    const tally = tallies.get(place) ?? { key, accel, counts: new Map() };
    tallies.set(place, tally);
    const { kept = [], known = [], broken = [] } = invariants;
    for (const id of kept) count(tally, id, 0);
    for (const id of [...known, ...broken]) count(tally, id, 1);
  }
  return [...tallies.values()].flatMap(({ key, accel, counts }) =>
    Array.from(counts, ([invariant, { broken, of }]) => ({
      key,
      invariant,
      accel,
      broken: wilson95(broken, of),
    })),
  );
}

/** What is counted of one cell under one accelerator, by invariant. */
interface Tally {
  readonly key: string;
  readonly accel: 'kvm' | 'tcg';
  readonly counts: Map<string, { broken: number; of: number }>;
}

function count({ counts }: Tally, invariant: string, broken: 0 | 1): void {
  const found = counts.get(invariant);
  if (found) {
    found.of += 1;
    found.broken += broken;
  } else counts.set(invariant, { broken, of: 1 });
}
