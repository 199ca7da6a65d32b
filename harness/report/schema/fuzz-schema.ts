// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { findingSchema } from '../../fuzz/journal.ts';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { countSchema } from './verdict-schema.ts';

const foundSchema = findingSchema
  .extend({
    layout: z.string().describe('The file of its layout.'),
    command: z.string().describe('What shows it.'),
  })
  .meta({
    id: 'finding',
    description: 'What a kernel showed, and the smallest machine so far that shows it.',
  });

const branches = countSchema.describe('Branches, as gcov(1) counts them.');

const codeSchema = z.object({
  kernel: z.string(),
  files: z.array(
    z.object({
      file: z.string().describe("In the kernel's source."),
      branches,
      taken: branches,
      missed: z
        .array(z.object({ name: z.string(), branches, lines: z.array(countSchema) }))
        .describe('The functions with branches that no case took, most of them first.'),
    }),
  ),
});

/** What `fuzz --json` prints. */
export const fuzzDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.fuzz),
  fuzz: z.object({
    kernels: z.array(z.string()),
    seed: countSchema,
    seconds: z.number(),
    cases: countSchema.describe('Cases that all kernels ran in this run.'),
    earlier: countSchema.describe('Cases of this seed that earlier runs ran.'),
    machines: countSchema.describe('Machines that were started, also to make findings smaller.'),
    judged: countSchema.describe('Machines of cases that could be judged.'),
  }),
  casesPerMinute: z.number(),
  features: countSchema.describe('Different things that the model did in the cases of this run.'),
  unjudged: z
    .array(z.object({ why: z.string(), count: countSchema }))
    .describe('Machines of cases that could not be judged.'),
  findings: z.array(foundSchema).describe('What was found, now or again.'),
  gone: z
    .array(foundSchema)
    .describe('Findings of earlier runs that the same machine does not show any more.'),
  code: z.array(codeSchema).describe('Of kernels that count the branches of their own code.'),
});

/** See `fuzzDocumentSchema`. */
export type FuzzDocument = Frozen<z.infer<typeof fuzzDocumentSchema>>;
