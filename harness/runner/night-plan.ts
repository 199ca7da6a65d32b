// SPDX-License-Identifier: MIT
import type { PlannedCell } from '../matrix/expand.ts';
import { type ChosenCell, chooseCells } from '../matrix/night.ts';
import { parseShard, takeShard } from '../matrix/shard.ts';
import { autoJobs } from './auto-jobs.ts';
import type { Outlook } from './night-outlook.ts';
import type { RunSettings } from './run-plan.ts';

/** What a run may take of a matrix. */
export interface NightSettings extends Pick<RunSettings, 'jobs'> {
  /** How long the run may take, seconds; without end unless given. */
  readonly limit?: number | undefined;
  /** `i/n`: the i-th of n parts. */
  readonly shard?: string | undefined;
}

/** The cells of a run. */
export interface NightPlan {
  readonly chosen: readonly ChosenCell[];
  /** Those of all shards. */
  readonly planned: readonly PlannedCell[];
  /** How many machines run at a time. */
  readonly jobs: number;
  /** How many cells the matrix has beside these: of other shards, and for other nights. */
  readonly others: number;
}

/**
 * Chooses the cells of a run. All shards of a night that are told the same history choose the same cells, and each takes
 * its part. Throws `UsageError` for a shard that is none.
 */
export function planNight(
  cells: readonly PlannedCell[],
  outlookOf: Outlook,
  { jobs = 1, limit, shard }: NightSettings,
): NightPlan {
  const machines = jobs === 'auto' ? autoJobs(cells.map(({ spec }) => spec)) : jobs;
  const shards = shard === undefined ? 1 : parseShard(shard).count;
  const budget = limit === undefined ? Infinity : limit * machines * shards;
  const all = chooseCells(cells, outlookOf, budget);
  const chosen = shard === undefined ? all : takeShard(all, shard, ({ seconds }) => seconds);
  const planned = all.map(({ cell }) => cell);
  return { chosen, planned, jobs: machines, others: cells.length - chosen.length };
}
