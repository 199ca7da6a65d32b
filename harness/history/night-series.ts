// SPDX-License-Identifier: MIT
import { type DetectionPower, detectionPower } from './detection-power.ts';
import { flakyCells, isSuspect } from './flaky-cells.ts';
import { type NewestNight, newestNight } from './newest-night.ts';
import { type CellNights, type Nights, verdictOfNight } from './nights.ts';

/** What a night showed against those before it: numbers of cells. */
export interface NightCounts {
  /** When it began, ISO 8601. */
  readonly start: string;
  readonly counts: NewestNight['counts'];
  readonly new: number;
  readonly fixed: number;
  readonly still: number;
  readonly open: number;
  readonly flaky: number;
  readonly detection: DetectionPower;
}

/** The last nights, at most `count`, oldest first: each as it was the next morning. */
export function nightSeries(nights: Nights, count: number): NightCounts[] {
  const { starts, cells } = nights;
  const all = [...cells.values()];
  // Most cells never break anything: of these a night has nothing to tell but how it ended.
  const suspects = all.filter((cell) => cell.fault !== null || isSuspect(cell));
  const quiet = quietCounts(all.filter((cell) => cell.fault === null && !isSuspect(cell)));
  const first = Math.max(starts.length - count, 0);
  return starts.slice(first).map((start, nr) => {
    const night = nightsUntil({ starts, suspects }, first + nr);
    return countsOf(start, night, quiet[first + nr] ?? NO_COUNTS);
  });
}

type Counts = NewestNight['counts'];

const NO_COUNTS: Counts = { match: 0, mismatch: 0, unjudged: 0 };

/** How these cells ended, by night. */
function quietCounts(cells: readonly CellNights[]): Counts[] {
  const counts: Record<keyof Counts, number>[] = [];
  for (const one of cells.flatMap(({ nights }) => nights)) {
    (counts[one.night] ??= { ...NO_COUNTS })[verdictOfNight(one).counted] += 1;
  }
  return counts;
}

/** The history as it was after one of its nights. */
function nightsUntil(
  {
    starts,
    suspects,
  }: { readonly starts: readonly string[]; readonly suspects: readonly CellNights[] },
  last: number,
): Nights {
  const until = suspects.map((cell) => {
    const nights = cell.nights.filter(({ night }) => night <= last);
    return [cell.key, { ...cell, nights }] as const;
  });
  return { starts: starts.slice(0, last + 1), cells: new Map(until) };
}

function countsOf(start: string, nights: Nights, quiet: Counts): NightCounts {
  const night = newestNight(nights);
  const cellsOf = (list: readonly { readonly key: string }[] = []): number =>
    new Set(list.map(({ key }) => key)).size;
  const { match, mismatch, unjudged } = night?.counts ?? NO_COUNTS;
  return {
    start,
    counts: {
      match: match + quiet.match,
      mismatch: mismatch + quiet.mismatch,
      unjudged: unjudged + quiet.unjudged,
    },
    new: cellsOf(night?.new),
    fixed: cellsOf(night?.fixed),
    still: cellsOf(night?.still),
    open: cellsOf(night?.open),
    flaky: cellsOf(flakyCells(nights)),
    detection: detectionPower(nights),
  };
}
