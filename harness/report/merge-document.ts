// SPDX-License-Identifier: MIT
import type { Merge } from '../matrix/merged-run.ts';
import type { MergeDocument } from './schema/merge-schema.ts';

/** How a run was merged, as `run.json` has it. */
export function mergeDocument({ runs, ...told }: Merge): MergeDocument {
  return {
    runs: runs.map(({ run, source, plan, cells }) => ({
      run,
      source,
      cells: cells.length,
      plan: plan && {
        at: plan.at,
        sub1m: plan.sub1m,
        matrix: { name: plan.matrix.name, sha256: plan.matrix.sha256 },
        shard: plan.shard,
        limit: plan.limit,
        repeat: plan.repeat,
        chosen: plan.chosen.length,
      },
    })),
    ...told,
  };
}
