// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import { type Axes, type PlannedCell, expandSpecs } from './expand.ts';
import { type CellOutlook, compare } from './night.ts';

/** Mistakes that a kernel is given to test sub1m with, each a patch on top of a recipe without fault. */
export interface SeededFaults {
  /** Recipes without fault, as kernel references. */
  readonly base: readonly string[];
  readonly faults: readonly SeededFault[];
}

/** One mistake: a patch under `images/patches/faults/`, the cells that show it, and the invariants that name it. */
interface SeededFault {
  readonly name: string;
  readonly axes: Omit<Axes, 'kernel'>;
  /** Ids of invariants: one of them must be broken in each of its cells. None if it is not caught. */
  readonly caughtBy: readonly string[];
  /** Why nothing catches it, if so: its cells must match, or the row is no longer true. */
  readonly uncaught?: string;
}

/** What the command line makes of the axes of a matrix. */
type Over = (axes: Axes) => Axes;

/** A cell that has no name, yet. */
type UnnamedCell = Omit<PlannedCell, 'id'>;

/**
 * The cells of each fault, and before them the same cells, each once, without any; `over` has the last word on the
 * axes.
 */
export function faultCells({ base, faults }: SeededFaults, over: Over): UnnamedCell[] {
  const sound = new Map<string, { readonly spec: CellSpec }>();
  for (const spec of faults.flatMap(({ axes }) => expandSpecs(over({ ...axes, kernel: base })))) {
    sound.set(JSON.stringify(spec), { spec });
  }
  return [...sound.values(), ...faults.flatMap((fault) => faultyCells(base, fault, over))];
}

function faultyCells(
  base: readonly string[],
  { name, axes, caughtBy, uncaught }: SeededFault,
  over: Over,
): UnnamedCell[] {
  const fault = { name, caughtBy: [...caughtBy] };
  const kernel = base.map((recipe) => `${recipe}+faults/${name}`);
  return expandSpecs(over({ ...axes, kernel })).map((spec) => ({
    spec,
    ...(uncaught === undefined && { fault }),
  }));
}

/** By which a night chooses among faults. */
interface FaultOutlook {
  readonly over: Over;
  readonly outlookOf: (cell: UnnamedCell) => Pick<CellOutlook, 'lastRun' | 'hasMissed'>;
}

/**
 * So many of the faults: those that were not caught when they were last tried, then those that were tried longest ago, so
 * that all have their turn. A fault that several kernels have counts once.
 */
export function faultsOfTheNight(
  seeded: readonly SeededFaults[],
  { over, outlookOf }: FaultOutlook,
  count: number,
): SeededFaults[] {
  const tried = new Map<string, { readonly lastRun: number; readonly hasMissed: boolean }[]>();
  for (const { base, faults } of seeded) {
    for (const fault of faults) {
      const known = faultyCells(base, fault, over).map(outlookOf);
      tried.set(fault.name, [...(tried.get(fault.name) ?? []), ...known]);
    }
  }
  const ranked = [...tried].map(([name, known]) => ({
    name,
    lastRun: Math.max(...known.map(({ lastRun }) => lastRun)),
    isSure: !known.some(({ hasMissed }) => hasMissed),
  }));
  const first = ranked.toSorted(
    (one, other) =>
      Number(one.isSure) - Number(other.isSure) || compare(one.lastRun, other.lastRun),
  );
  const tonight = new Set(first.slice(0, count).map(({ name }) => name));
  return seeded.map(({ base, faults }) => ({
    base,
    faults: faults.filter(({ name }) => tonight.has(name)),
  }));
}
