// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { basisSchema } from './model-schema.ts';
import { addressSchema, pageRunsSchema } from './verdict-schema.ts';

/** What `explain --json` prints: a log, what the model makes of its machine, and how the two compare. */
export const explainDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.explain),
  source: z.string(),
  machine: z.string().nullable(),
  release: z.string().nullable(),
  policy: z.object({ id: z.string(), how: z.string().describe('Why this policy.') }),
  verdict: z
    .enum(['agrees', 'differs', 'nothing'])
    .describe('`nothing`: the log shows nothing of the outcome.'),
  comparisons: z.array(
    z.object({
      what: z.string(),
      seen: z.string(),
      predicted: z.string(),
      agrees: z.boolean(),
      pages: pageRunsSchema.describe('On which they differ, where that is known.'),
    }),
  ),
  inputs: z
    .array(z.object({ what: z.string(), option: z.string(), values: z.int() }))
    .describe('Each would make them agree; `values`: how many of its values would.'),
  lacksBootServices: z
    .boolean()
    .describe('Whether boot services, which the log does not show, may be why they differ.'),
  trampoline: addressSchema.nullable(),
  pages: z.array(z.string()).length(256).describe('The predicted owner of each page.'),
  dump: z.object({
    kind: z.enum(['none', 'at stake', 'unknown', 'safe']),
    why: z.string(),
    pages: pageRunsSchema,
  }),
  defects: z.array(z.object({ finding: z.string(), says: z.string(), mended: z.string() })),
  corrupted: pageRunsSchema.describe('That the firmware wrote to, as the kernel found.'),
  basis: basisSchema,
  unseen: z.array(z.string()).describe('Of a running machine: what could not be seen.'),
});

/** See `explainDocumentSchema`. */
export type ExplainDocument = Frozen<z.infer<typeof explainDocumentSchema>>;
