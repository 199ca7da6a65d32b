// SPDX-License-Identifier: MIT
import { counted } from '../memory/counted.ts';
import type { PlannedRun } from './planned-run.ts';
import type { SourceRun } from './merged-run.ts';

/** What all runs that are merged must share. */
const SHARED: Readonly<Record<string, Shared>> = {
  matrix: {
    hashOf: ({ matrix }) => matrix.sha256,
    nameOf: ({ matrix: { name, cells } }) => `${name} with ${counted(cells.length, 'cell')}`,
  },
  code: { hashOf: ({ sub1m }) => sub1m.code, nameOf: ({ sub1m }) => `sub1m ${sub1m.version}` },
  model: { hashOf: ({ sub1m }) => sub1m.model, nameOf: ({ sub1m }) => `that of ${sub1m.version}` },
};

interface Shared {
  readonly hashOf: (plan: PlannedRun) => string;
  readonly nameOf: (plan: PlannedRun) => string;
}

/** How a run differs from the first. */
export interface PlanDifference {
  readonly source: string;
  /** `expected the matrix of …; found …`. */
  readonly words: string;
}

/** Where runs are not of one matrix, code and model: each with what was expected by the first of them, and found. */
export function planDifferences(
  runs: readonly Pick<SourceRun, 'source' | 'plan'>[],
): PlanDifference[] {
  const [first, ...others] = runs.flatMap(({ source, plan }) => (plan ? [{ source, plan }] : []));
  if (!first) return [];
  return Object.entries(SHARED).flatMap(([what, { hashOf, nameOf }]) => {
    const wordsOf = (plan: PlannedRun): string => `${nameOf(plan)} (sha256 ${short(hashOf(plan))})`;
    const expected = `expected the ${what} of ${first.source}, ${wordsOf(first.plan)}`;
    return others
      .filter(({ plan }) => hashOf(plan) !== hashOf(first.plan))
      .map(({ source, plan }) => ({ source, words: `${expected}; found ${wordsOf(plan)}` }));
  });
}

/** Enough of a hash for people; two that are alike by chance are not met. */
function short(hash: string): string {
  return hash.slice(0, 16);
}
