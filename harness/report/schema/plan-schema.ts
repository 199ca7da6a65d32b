// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { countSchema } from './verdict-schema.ts';

/** What `run --dry-run --json` prints. */
export const planDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.plan),
  jobs: countSchema.describe('How many machines run at a time.'),
  seconds: z.number().describe('About how long the run takes, without builds and downloads.'),
  others: countSchema.describe('Cells of the matrix that it leaves to other shards and nights.'),
  cells: z.array(
    z.object({
      id: z.string(),
      seconds: z.number().describe('About how long the cell takes.'),
      measured: z.boolean().describe('By earlier runs of the cell; else by its kind.'),
      worth: z
        .string()
        .describe('Why it is run: `fault`, `changed`, `found`, `turn`. Releases may add words.'),
    }),
  ),
});

/** See `planDocumentSchema`. */
export type PlanDocument = Frozen<z.infer<typeof planDocumentSchema>>;
