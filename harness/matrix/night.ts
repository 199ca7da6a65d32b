// SPDX-License-Identifier: MIT
import { sha256 } from '../process/file-hash.ts';
import type { PlannedCell } from './expand.ts';

/** What is known of a cell before it is run. */
export interface CellOutlook {
  /** How long it will take, by earlier runs or by its kind. */
  readonly seconds: number;
  /** Whether `seconds` rests on earlier runs of this cell. */
  readonly isMeasured: boolean;
  /** When it last ran, ms since 1970; `-Infinity` for never. */
  readonly lastRun: number;
  /** Whether its kernel is another than then, or has never run. */
  readonly isChanged: boolean;
  /** Whether an earlier run found something in it, or could not judge it. */
  readonly hasFound: boolean;
  /** Whether it is of a seeded fault that its last run did not catch. */
  readonly hasMissed: boolean;
}

/** Why a cell is run tonight, in the order of what is worth most. */
export const WORTH = {
  fault: 'a seeded fault: sub1m itself is tested',
  changed: 'its kernel is new',
  found: 'it has found something',
  turn: 'it is its turn',
} as const;

type Worth = keyof typeof WORTH;

/** A cell that is to be run, and why. */
export interface ChosenCell {
  readonly cell: PlannedCell;
  readonly seconds: number;
  readonly isMeasured: boolean;
  readonly worth: Worth;
}

/**
 * The cells that are worth most, in their order, so many as fit into `budget`, in seconds of one machine: cells of seeded
 * faults, then those of changed kernels, then those that found something, then the rest, the longest not run first: so
 * each has its turn.
 */
export function chooseCells(
  cells: readonly PlannedCell[],
  outlookOf: (cell: PlannedCell) => CellOutlook,
  budget: number,
): ChosenCell[] {
  const ranked = cells.map((cell, place) => {
    const { seconds, isMeasured, lastRun, ...outlook } = outlookOf(cell);
    const worth = worthOf(cell, outlook);
    // Decides between equals, always the same way: neighbours in a matrix show much the same, so it takes a bit of all.
    const lot = sha256(cell.id);
    return { cell, place, lot, seconds, isMeasured, lastRun, worth };
  });
  const worths = Object.keys(WORTH);
  const byWorth = ranked.toSorted(
    (one, other) =>
      worths.indexOf(one.worth) - worths.indexOf(other.worth) ||
      compare(one.lastRun, other.lastRun) ||
      compare(one.lot, other.lot),
  );
  let left = budget;
  const chosen = byWorth.filter(({ seconds }) => {
    if (seconds > left) return false;
    left -= seconds;
    return true;
  });
  return chosen
    .toSorted((one, other) => one.place - other.place)
    .map(({ cell, seconds, isMeasured, worth }) => ({ cell, seconds, isMeasured, worth }));
}

function worthOf(
  { fault }: PlannedCell,
  { isChanged, hasFound }: Pick<CellOutlook, 'isChanged' | 'hasFound'>,
): Worth {
  if (fault) return 'fault';
  return isChanged ? 'changed' : hasFound ? 'found' : 'turn';
}

/** For a sort that also takes infinities. */
export function compare<T extends number | string>(one: T, other: T): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
