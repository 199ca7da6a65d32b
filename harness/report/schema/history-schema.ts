// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { historyLineSchema } from '../../history/history-line.ts';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { countSchema, detectionSchema } from './verdict-schema.ts';

const { key, cell, kernel, run } = historyLineSchema.shape;

const nightSchema = z.string().describe('When the first run of a night began, ISO 8601.');

const shareSchema = z
  .object({ count: countSchema, of: countSchema, low: z.number(), high: z.number() })
  .meta({
    id: 'share',
    description: 'A share, and its Wilson interval: the true one is in it with 95 % certainty.',
  });

const changeSchema = z
  .object({
    key,
    cell,
    invariant: z.string(),
    kernel,
    run: run.describe('The last run that saw it broken.'),
    since: nightSchema.nullable().describe('From when on it was broken; null: not before.'),
    was: z
      .enum(['kept', 'known', 'broken'])
      .nullable()
      .describe('What it was the last time before; null: never judged.'),
  })
  .meta({ id: 'change', description: 'An invariant of a cell that is broken, or was.' });

const stripSchema = z.object({
  start: nightSchema,
  mark: z.enum(['match', 'known', 'broken', 'flaky', 'unjudged', 'not-run']),
  release: z.string().nullable(),
  isNewImage: z.boolean(),
});

const rateSchema = z.object({
  invariant: z.string(),
  accel: z.enum(['kvm', 'tcg']),
  broken: shareSchema.describe('Of the runs that judged it; known defects are among them.'),
});

const durationSchema = z.object({
  accel: z.enum(['kvm', 'tcg']),
  runs: countSchema,
  median: z.number().describe('Seconds.'),
  p90: z.number().describe('Seconds: nine of ten runs take no longer.'),
});

const sideSchema = z.object({
  outcome: z
    .enum(['kept', 'known', 'broken', 'match', 'mismatch'])
    .describe('The worst that was seen.'),
  broken: shareSchema,
});

const acceleratorsSchema = z
  .object({
    pairs: countSchema.describe('Judged under both, each image and firmware by itself.'),
    alone: countSchema.describe('Judged under one alone.'),
    differ: z.array(
      z.object({
        key,
        cell,
        kernel,
        ovmf: z.string(),
        differences: z.array(
          z.object({
            invariant: z.string().nullable().describe('Null: the verdict as a whole.'),
            kvm: sideSchema,
            tcg: sideSchema,
          }),
        ),
      }),
    ),
  })
  .describe('Cells of the same image under KVM and TCG, side by side.');

/** What `history --json` prints. */
export const historyDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.history),
  nights: countSchema.describe('How many nights the history has.'),
  lines: countSchema.describe('How many cells of runs.'),
  skipped: countSchema.describe('How many lines could not be read.'),
  night: nightSchema,
  before: nightSchema.nullable().describe('The night before; null if there is none.'),
  counts: z
    .object({ match: countSchema, mismatch: countSchema, unjudged: countSchema })
    .describe('The cells of the night; those with a seeded fault are under `detection`.'),
  new: z.array(changeSchema).describe('Broken, and not the last time before.'),
  fixed: z.array(changeSchema).describe('Kept, and not the last time before.'),
  still: z.array(changeSchema).describe('Broken, as the last time before.'),
  open: z
    .array(changeSchema)
    .describe('Broken the last time, in the week before; the night says nothing of it.'),
  flaky: z
    .array(
      z.object({
        key,
        cell,
        invariant: z.string(),
        kernel,
        ovmf: z.string(),
        accel: z.enum(['kvm', 'tcg']),
        broken: shareSchema,
        last: z.string().describe('When the last run began that saw it broken.'),
      }),
    )
    .describe('Kept and broken with the same image, firmware and accelerator.'),
  unjudged: z.array(
    z.object({
      key,
      cell,
      run,
      code: z.string().nullable(),
      judged: nightSchema.nullable().describe('The last night in which it was judged.'),
    }),
  ),
  detection: detectionSchema,
  accelerators: acceleratorsSchema,
  cells: z
    .array(
      z.object({
        key,
        cell,
        fault: z.string().nullable(),
        strip: z.array(stripSchema).describe('All nights, oldest first.'),
        rates: z.array(rateSchema),
        durations: z.array(durationSchema),
      }),
    )
    .describe('The cells that `--cell` names.'),
});

/** See `historyDocumentSchema`. */
export type HistoryDocument = Frozen<z.infer<typeof historyDocumentSchema>>;
