// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { runDocumentSchema } from './run-schema.ts';
import { countSchema } from './verdict-schema.ts';

/** What `check --series --json` prints: the run of each patch. */
export const seriesDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.series),
  firstBad: countSchema
    .nullable()
    .describe('The number of the first bad patch, counted from 1; null if there is none.'),
  steps: z
    .array(
      z.object({
        name: z.string().describe('The subject of the patch; of the base what it is.'),
        outcome: z.enum(['good', 'bad', 'unjudged']),
        refused: z.string().nullable().describe('Why there is no such kernel.'),
        run: runDocumentSchema.nullable().describe('Compared with the step before.'),
      }),
    )
    .describe('The base first.'),
});

/** See `seriesDocumentSchema`. */
export type SeriesDocument = Frozen<z.infer<typeof seriesDocumentSchema>>;
