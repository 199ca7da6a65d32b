// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import { type Axes, type PlannedCell, expandSpecs } from './expand.ts';

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

/**
 * The cells of each fault, and before them the same cells, each once, without any; `over` has the last word on the
 * axes.
 */
export function faultCells(
  { base, faults }: SeededFaults,
  over: (axes: Axes) => Axes,
): Omit<PlannedCell, 'id'>[] {
  const sound = new Map<string, { readonly spec: CellSpec }>();
  const faulty = faults.flatMap(({ name, axes, caughtBy, uncaught }) => {
    for (const spec of expandSpecs(over({ ...axes, kernel: base }))) {
      sound.set(JSON.stringify(spec), { spec });
    }
    const fault = { name, caughtBy: [...caughtBy] };
    const kernel = base.map((recipe) => `${recipe}+faults/${name}`);
    const isCaught = uncaught === undefined;
    return expandSpecs(over({ ...axes, kernel })).map((spec) => ({
      spec,
      ...(isCaught && { fault }),
    }));
  });
  return [...sound.values(), ...faulty];
}
