// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { countSchema } from './verdict-schema.ts';

const rateSchema = z.number().nonnegative().describe('Since then, on average.');
const sinceSchema = z.number().describe('When it began, ms since 1970.');

/** What `queue --json` prints. */
export const queueDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.queue),
  server: z.string().describe('Its URL, without user and password.'),
  waiting: countSchema.describe('Cells of all runs that nobody runs yet.'),
  running: countSchema.describe('Cells of all runs that workers run.'),
  runs: z.array(
    z.object({
      name: z.string(),
      priority: z.int().describe('Runs with a lower number go first.'),
      cells: countSchema,
      done: countSchema,
      running: countSchema,
      waiting: countSchema,
      answered: countSchema.describe('Cells that were run, and that the run has not taken in.'),
      since: sinceSchema,
      cellsPerMinute: rateSchema,
      secondsLeft: z.number().nonnegative().nullable().describe('About; null if nothing tells.'),
      stuck: z.string().nullable().describe('Why nobody runs some of its cells.'),
    }),
  ),
  workers: z.array(
    z.object({
      id: z.string(),
      running: countSchema,
      done: countSchema,
      cellsPerMinute: rateSchema,
      since: sinceSchema,
      draining: z.boolean().describe('Whether it ends after the cells that it runs.'),
      machines: countSchema.describe('How many it runs at a time at most.'),
      cpus: countSchema,
      memoryMiB: countSchema,
      kvm: z.boolean(),
    }),
  ),
});

/** See `queueDocumentSchema`. */
export type QueueDocument = Frozen<z.infer<typeof queueDocumentSchema>>;
