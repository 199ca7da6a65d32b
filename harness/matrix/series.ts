// SPDX-License-Identifier: MIT
import { type End, firstEnd } from '../ends.ts';
import { type ComparedRun, comparisonEnd, isChanged } from './compare-cells.ts';
import { untoldEnds } from './run-end.ts';

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
  /** What kept the last steps, which have neither a run nor a refusal, from being checked; null if nothing did. */
  readonly cutShort: Error | null;
}

/** What became of a patch. */
export type StepOutcome = 'good' | 'bad' | 'unjudged';

/** A patch is bad if it cannot be had or breaks what was kept before it, and unjudged if sub1m cannot tell. */
export function stepOutcome(step: SeriesStep): StepOutcome {
  const end = stepEnd(step);
  if (end === 'done') return 'good';
  return end === 'broken' ? 'bad' : 'unjudged';
}

function stepEnd({ refused, run }: SeriesStep): End {
  if (refused !== null) return 'broken';
  if (!run) return 'unjudged';
  return run.comparison ? comparisonEnd(run.comparison) : firstEnd(run.cells.flatMap(untoldEnds));
}

/** The number of the first bad patch, counted from 1; undefined if there is none. */
export function firstBad({ steps }: Pick<SeriesResult, 'steps'>): number | undefined {
  const nr = steps.findIndex((step) => stepOutcome(step) === 'bad');
  return nr === -1 ? undefined : nr;
}

/** How a series ends a command: the first bad patch decides, whatever could not be judged. */
export function seriesEnd({ steps }: Pick<SeriesResult, 'steps'>): End {
  return firstEnd(steps.map(stepEnd));
}

/** How many cells of a step show something else than those of the step before. */
export function changedCells({ run }: SeriesStep): number {
  return run?.comparison?.cells.filter(isChanged).length ?? 0;
}
