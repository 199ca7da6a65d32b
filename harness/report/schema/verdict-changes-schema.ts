// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { countSchema, invariantOutcomeSchema } from './verdict-schema.ts';

const idsSchema = z.array(z.string());

const toldSchema = z
  .object({
    kind: z.enum(['match', 'mismatch', 'boot-failure', 'no-vmcore', 'unjudged']),
    detail: z
      .string()
      .nullable()
      .describe('The code of what is unjudged, or the phase in which a kernel was lost.'),
    broken: idsSchema.describe('Names of invariants.'),
    known: idsSchema.describe('Those that are broken, and listed as known defects.'),
    policy: z.string().nullable(),
    sub1m: z.string().nullable().describe('The version that judged; null if that is not told.'),
  })
  .meta({ id: 'told', description: 'A verdict, as far as two are compared.' });

/** What `judge` prints of verdicts that are no longer what they were. */
export const verdictChangesDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS['verdict-changes']),
  runs: z.array(
    z.object({
      run: z.string(),
      folder: z.string(),
      cells: countSchema.describe('That were judged.'),
      changed: countSchema,
      unrecorded: idsSchema.describe('Cells that had no verdict to compare with.'),
      removed: countSchema.describe('Cells judged by what `--keep` left of their vmcores.'),
      notJudged: z.array(z.object({ folder: z.string(), why: z.string() })),
      seconds: z.number(),
    }),
  ),
  changes: z.array(
    z.object({
      run: z.string(),
      cell: z.string(),
      bundle: z.string(),
      from: toldSchema,
      to: toldSchema,
      invariants: z.array(
        z.object({
          id: z.string(),
          from: invariantOutcomeSchema.nullable().describe('Null: it was not judged then.'),
          to: invariantOutcomeSchema.nullable(),
          why: z.string(),
        }),
      ),
    }),
  ),
  more: countSchema.describe('Changes that are not listed.'),
});

/** See `verdictChangesDocumentSchema`. */
export type VerdictChangesDocument = Frozen<z.infer<typeof verdictChangesDocumentSchema>>;
