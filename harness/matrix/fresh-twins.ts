// SPDX-License-Identifier: MIT
import { type End, firstEnd } from '../ends.ts';
import { sha256 } from '../process/file-hash.ts';
import { type CellChanges, compareCells, isChanged } from './compare-cells.ts';
import type { PlannedCell } from './expand.ts';
import type { JudgedCell } from './judged-cell.ts';

/** Cells before they have names. */
type UnnamedCell = Omit<PlannedCell, 'id'>;

/**
 * The cells, and for one in `oneIn` of those that may go on from a saved firmware its twin, right behind it: the same cell
 * with a fresh one. Which have one is always the same.
 */
export function withFreshTwins(cells: readonly UnnamedCell[], oneIn: number | null): UnnamedCell[] {
  if (oneIn === null) return [...cells];
  return cells.flatMap((cell): UnnamedCell[] => {
    const { spec, fault } = cell;
    const lot = Number.parseInt(sha256(JSON.stringify(spec)).slice(0, 8), 16) % oneIn;
    if (fault || spec.freshFirmware || lot !== 0) return [cell];
    return [cell, { spec: { ...spec, freshFirmware: true } }];
  });
}

/** How cells with a fresh firmware differ from their twins with a saved one, for all pairs of a run. */
export function compareTwins(cells: readonly JudgedCell[]): CellChanges[] {
  const key = ({ record }: JudgedCell): string =>
    JSON.stringify({ ...record.spec, freshFirmware: false });
  const saved = new Map(
    cells.filter(({ record }) => !record.spec.freshFirmware).map((cell) => [key(cell), cell]),
  );
  return cells.flatMap((cell) => {
    const twin = saved.get(key(cell));
    if (!cell.record.spec.freshFirmware || twin === undefined) return [];
    // A kernel logs where it keeps the ROM of the device that held the firmware: above 1 MiB, but with a map of all.
    return [{ ...compareCells(twin, cell), log: { gone: [], come: [] } }];
  });
}

/** How the twins of a run end a command: where they differ, nobody can tell which of the two is right. */
export function twinsEnd(cells: readonly JudgedCell[]): End {
  return firstEnd(
    compareTwins(cells)
      .filter(isChanged)
      .map((): End => 'unjudged'),
  );
}
