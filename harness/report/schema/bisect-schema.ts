// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { bootSchema } from '../../bisect/answers.ts';
import { cellSpecSchema } from '../../bundle/cell-record.ts';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { cellDocumentSchema } from './run-schema.ts';
import { countSchema } from './verdict-schema.ts';

const changeSchema = bootSchema.shape.change.meta({
  id: 'change',
  description: 'A package, a commit or a patch, and the kernel that has it and all before it.',
});

const outcomeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('found'), first: changeSchema, before: changeSchema }),
  z.object({
    kind: z.literal('skips-left'),
    candidates: z.array(changeSchema),
    before: changeSchema,
  }),
  z.object({ kind: z.literal('end-untold'), end: changeSchema, why: z.string() }),
]);

const answerSchema = z.object({
  ...changeSchema.shape,
  answer: z.enum(['kept', 'broken', 'skip']).nullable(),
  why: z.string().nullable(),
  kept: countSchema.describe('How many boots kept the invariant.'),
  broken: countSchema.describe('How many broke it.'),
  bundles: z.array(z.string()),
});

/** What `bisect --json` prints. */
export const bisectDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.bisect),
  invariant: z.string(),
  cell: cellSpecSchema.omit({ kernel: true }).describe('The cell that every kernel was booted in.'),
  find: z.enum(['break', 'fix']).describe('Whether the invariant is broken or kept from there on.'),
  range: z.object({
    old: changeSchema,
    new: changeSchema,
    length: countSchema.describe(
      'How many changes lie behind the old end, the new end among them.',
    ),
  }),
  outcome: outcomeSchema.describe(
    '`skips-left`: it is one of the candidates. `end-untold`: whether an end of the range keeps the invariant is unknown.',
  ),
  before: cellDocumentSchema.nullable(),
  after: cellDocumentSchema.nullable(),
  answers: z.array(answerSchema).describe('By changes, in the order of their first boots.'),
  boots: z.object({
    total: countSchema,
    earlier: countSchema.describe('How many answers are of earlier runs.'),
    keptWanted: countSchema.describe('How many boots in a row must keep the invariant.'),
  }),
  proof: z
    .object({ kind: z.enum(['proven', 'refuted', 'none']), why: z.string() })
    .nullable()
    .describe('Whether reverting the change undoes it.'),
  log: z.string().nullable().describe('For `git bisect replay`.'),
  bundles: z.string().describe('The folder of the bundles.'),
});

/** See `bisectDocumentSchema`. */
export type BisectDocument = Frozen<z.infer<typeof bisectDocumentSchema>>;
