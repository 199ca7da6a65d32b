// SPDX-License-Identifier: MIT
import type { Counted } from './history-line.ts';
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
  /** None was missed, and the kernel of one does not build: its patch no longer applies, above all. */
  readonly unbuilt: readonly string[];
  /** None was missed, all build, and one could not be judged. */
  readonly unjudged: readonly string[];
}

/** What becomes of a seeded fault in a cell. */
export type Fate = keyof FaultNames;

/** Faults not tried for so long are no longer part of the matrix, ms. */
const RECENT_MS = 30 * 24 * 60 * 60 * 1000;

/** What became of the seeded faults. */
export function detectionPower({ starts, cells }: Nights): DetectionPower {
  const newest = starts.length - 1;
  const from = Date.parse(starts[newest] ?? '') - RECENT_MS;
  const recent = starts.findIndex((start) => Date.parse(start) >= from);
  return { tonight: namesSince(cells, newest), recently: namesSince(cells, recent) };
}

/** The worst decides: one cell that is blind to a fault is too many. */
const FATES: readonly Fate[] = ['missed', 'unbuilt', 'unjudged', 'caught'];

const FATE_OF = { match: 'caught', mismatch: 'missed', unjudged: 'unjudged' } as const;

/** By what a cell counts as, and the code of what kept it from being judged. */
export function fateOf(counted: Counted, code: string | null): Fate {
  return counted === 'unjudged' && code === 'E_BUILD' ? 'unbuilt' : FATE_OF[counted];
}

/** Sorts faults by the worst that became of each. */
export function faultNames(
  cells: Iterable<{ readonly name: string; readonly fate: Fate }>,
): FaultNames {
  const fates = new Map<string, Set<Fate>>();
  for (const { name, fate } of cells) fates.set(name, (fates.get(name) ?? new Set()).add(fate));
  const names = (wanted: Fate): string[] =>
    [...fates.keys()]
      .filter((name) => FATES.find((fate) => fates.get(name)?.has(fate)) === wanted)
      .toSorted();
  return {
    caught: names('caught'),
    missed: names('missed'),
    unbuilt: names('unbuilt'),
    unjudged: names('unjudged'),
  };
}

function namesSince(cells: Nights['cells'], from: number): FaultNames {
  const seeded = [...cells.values()].flatMap((cell) => {
    const fate = cell.fault === null ? null : fateSince(cell, from);
    return cell.fault === null || fate === null ? [] : [{ name: cell.fault, fate }];
  });
  return faultNames(seeded);
}

/** What became of a fault in the last night from there on that says so; null if it was not run. */
function fateSince({ nights }: CellNights, from: number): Fate | null {
  const fates = nights
    .filter(({ night }) => night >= from)
    .map((one) => {
      const { counted, lines } = verdictOfNight(one);
      return fateOf(counted, lines.at(-1)?.verdict.code ?? null);
    });
  return fates.findLast((fate) => fate !== 'unjudged') ?? fates.at(-1) ?? null;
}
