// SPDX-License-Identifier: MIT
import type { Merge, MissingCell, SourceRun } from './merged-run.ts';
import { type PlannedRun, repeatId } from './planned-run.ts';
import { parseShard } from './shard.ts';

/** A run whose plan is known. */
type PlannedSource = SourceRun & { readonly plan: PlannedRun };

/** The cells that runs were to reach and did not, and the shards of which there is no run, in the order of the matrix. */
export function missingCells(runs: readonly SourceRun[]): Pick<Merge, 'missing' | 'absentShards'> {
  const planned = runs.filter((run): run is PlannedSource => run.plan !== null);
  const reached = new Set(runs.flatMap(({ cells }) => cells.map(({ record }) => record.id)));
  const ofThese = new Map(planned.flatMap((run) => chosenIds(run.plan).map((id) => [id, run])));
  const left = [...new Set(planned.flatMap(({ plan }) => plannedIds(plan)))].filter(
    (id) => !reached.has(id),
  );
  const orphans = left.filter((id) => !ofThese.has(id));
  const absentShards = orphans.length === 0 ? [] : absent(planned.map(({ plan }) => plan));
  const missing = left.map((cell): MissingCell => {
    const run = ofThese.get(cell);
    return { cell, why: run ? whyNotReached(cell, run) : whyOrphan(absentShards) };
  });
  return { missing, absentShards };
}

function plannedIds({ planned, repeat }: PlannedRun): string[] {
  return repeated(planned, repeat);
}

function chosenIds({ chosen, repeat }: PlannedRun): string[] {
  return repeated(chosen, repeat);
}

function repeated(ids: readonly string[], times: number): string[] {
  return Array.from({ length: times }, (_, nr) => ids.map((id) => repeatId(id, nr + 1))).flat();
}

function whyNotReached(cell: string, { source, notJudged }: SourceRun): string {
  const found = notJudged.find((one) => one.cell === cell);
  return found ? `${source}: ${found.why}` : `the run ${source} ended before it`;
}

function whyOrphan(absentShards: readonly string[]): string {
  return absentShards.length === 0
    ? 'no shard took it: they were told different histories'
    : `there is no run of shard ${absentShards.join(', ')}`;
}

/** The shards that are in none of the ways in which the matrix was cut. */
function absent(plans: readonly PlannedRun[]): string[] {
  const shards = plans.flatMap(({ shard }) => (shard === null ? [] : [parseShard(shard)]));
  const there = new Set(shards.map(({ index, count }) => `${index}/${count}`));
  const counts = [...new Set(shards.map(({ count }) => count))];
  return counts
    .flatMap((count) => Array.from({ length: count }, (_, nr) => `${nr + 1}/${count}`))
    .filter((shard) => !there.has(shard));
}
