// SPDX-License-Identifier: MIT
import { type CellNights, type Nights, verdictOfNight } from './nights.ts';

/** Whether sub1m would see what is wrong: the seeded faults that it caught. */
export interface DetectionPower {
  /** In the newest night, the names of the faults by what became of them. */
  readonly tonight: FaultNames;
  /** The same of each fault in the last night that tried it, a month back at most. */
  readonly recently: FaultNames;
}

/** Names of seeded faults, sorted; each fault is in one of these. */
export interface FaultNames {
  /** An invariant that names it was broken in each of its cells. */
  readonly caught: readonly string[];
  /** It was not, in one of them at least. */
  readonly missed: readonly string[];
  /** None was missed, and one could not be judged. */
  readonly unjudged: readonly string[];
}

/** Faults not tried for so long are no longer part of the matrix, ms. */
const RECENT_MS = 30 * 24 * 60 * 60 * 1000;

/** What became of the seeded faults. */
export function detectionPower({ starts, cells }: Nights): DetectionPower {
  const newest = starts.length - 1;
  const from = Date.parse(starts[newest] ?? '') - RECENT_MS;
  const recent = starts.findIndex((start) => Date.parse(start) >= from);
  return { tonight: namesSince(cells, newest), recently: namesSince(cells, recent) };
}

type Fate = keyof FaultNames;

/** The worst decides: one cell that is blind to a fault is too many. */
const FATES: readonly Fate[] = ['missed', 'unjudged', 'caught'];

const FATE_OF = { match: 'caught', mismatch: 'missed', unjudged: 'unjudged' } as const;

function namesSince(cells: Nights['cells'], from: number): FaultNames {
  const fates = new Map<string, Set<Fate>>();
  for (const cell of cells.values()) {
    const fate = fateOf(cell, from);
    if (cell.fault === null || fate === null) continue;
    fates.set(cell.fault, (fates.get(cell.fault) ?? new Set()).add(fate));
  }
  const names = (wanted: Fate): string[] =>
    [...fates.keys()]
      .filter((name) => FATES.find((fate) => fates.get(name)?.has(fate)) === wanted)
      .toSorted();
  return { caught: names('caught'), missed: names('missed'), unjudged: names('unjudged') };
}

/** What became of a fault in the last night from there on that could judge its cell; null if it was not run. */
function fateOf({ nights }: CellNights, from: number): Fate | null {
  const ran = nights.filter(({ night }) => night >= from).map(verdictOfNight);
  const last = ran.findLast(({ counted }) => counted !== 'unjudged') ?? ran.at(-1);
  return last ? FATE_OF[last.counted] : null;
}
