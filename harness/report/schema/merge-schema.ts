// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Frozen } from './document.ts';
import { runPlanSchema } from './run-plan-schema.ts';
import { countSchema } from './verdict-schema.ts';

const { at, sub1m, matrix, shard, limit, repeat } = runPlanSchema.shape;

/** How `report` merged runs into one. */
export const mergeSchema = z.object({
  runs: z.array(
    z.object({
      run: z.string(),
      source: z.string().describe('Its folder, or where it is in an archive.'),
      cells: countSchema.describe('How many of its cells were judged.'),
      plan: z
        .object({
          at,
          sub1m,
          matrix: matrix.omit({ cells: true }),
          shard,
          limit,
          repeat,
          chosen: countSchema.describe('How many cells it was to run.'),
        })
        .nullable()
        .describe('What its plan.json says; null if it has none.'),
    }),
  ),
  unread: z
    .array(z.object({ source: z.string(), why: z.string() }))
    .describe('Folders, archives and bundles from which nothing could be read.'),
  notes: z.array(z.string()),
  mixed: z.array(z.string()).describe('How code, model or matrix differ: with --mixed alone.'),
  absentShards: z.array(shard.unwrap()).describe('Shards of which no run was given.'),
  missing: z
    .array(z.object({ cell: z.string(), why: z.string() }))
    .describe('The cells that were to be run, and of which nothing is known.'),
  repeats: z
    .array(
      z.object({
        cell: z.string(),
        samples: z.array(z.string()).describe('Their ids in `cells`.'),
        agreement: z
          .enum(['same', 'differs', 'flaky'])
          .describe(
            '`flaky`: judged differently with the same kernel image, firmware and accelerator. `differs`: ' +
              'not with the same, or one could not be judged.',
          ),
      }),
    )
    .describe('The cells that were run more than once.'),
});

/** See `mergeSchema`. */
export type MergeDocument = Frozen<z.infer<typeof mergeSchema>>;
