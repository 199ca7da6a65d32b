// SPDX-License-Identifier: MIT
import { type ComparedRun, comparisonStatus, isChanged } from './compare-cells.ts';
import { summary } from './judged-cell.ts';

/** A kernel of a series: its base, or what a patch makes of the one before. */
export interface SeriesStep {
  /** The subject of the patch; of the base what it is. */
  readonly name: string;
  /** Why there is no such kernel: the patch does not apply, or what it makes does not build; null if there is. */
  readonly refused: string | null;
  /** Its cells, compared with the step before; null if there are none. */
  readonly run: ComparedRun | null;
}

/** A series of patches on a base, each step checked. */
export interface SeriesResult {
  /** The base first. */
  readonly steps: readonly SeriesStep[];
}

/** What became of a patch. */
export type StepOutcome = 'good' | 'bad' | 'unjudged';

const OUTCOMES = { 0: 'good', 1: 'bad', 69: 'unjudged' } as const;

/** A patch is bad if it cannot be had or breaks what was kept before it, and unjudged if sub1m cannot tell. */
export function stepOutcome({ refused, run }: SeriesStep): StepOutcome {
  if (refused !== null) return 'bad';
  const { comparison, cells } = run ?? {};
  if (comparison) return OUTCOMES[comparisonStatus(comparison)];
  return cells && summary(cells).unjudged === 0 ? 'good' : 'unjudged';
}

/** The number of the first bad patch, counted from 1; undefined if there is none. */
export function firstBad({ steps }: SeriesResult): number | undefined {
  const nr = steps.findIndex((step) => stepOutcome(step) === 'bad');
  return nr === -1 ? undefined : nr;
}

/** The exit status of a series. */
export function seriesStatus(series: SeriesResult): 0 | 1 | 69 {
  if (firstBad(series) !== undefined) return 1;
  return series.steps.some((step) => stepOutcome(step) === 'unjudged') ? 69 : 0;
}

/** How many cells of a step show something else than those of the step before. */
export function changedCells({ run }: SeriesStep): number {
  return run?.comparison?.cells.filter(isChanged).length ?? 0;
}
