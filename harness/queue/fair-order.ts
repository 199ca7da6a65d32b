// SPDX-License-Identifier: MIT
import type { RegisteredRun } from './registry.ts';

/** Runs of a higher priority first; among equals each has the same chance, whatever its size. */
export function inFairOrder<T extends Pick<RegisteredRun, 'priority'>>(
  runs: readonly T[],
  random: () => number = Math.random,
): T[] {
  const drawn = runs.map((run) => ({ run, lot: random() }));
  return drawn
    .toSorted((one, other) => one.run.priority - other.run.priority || one.lot - other.lot)
    .map(({ run }) => run);
}
