// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';

/** How many of something there are. */
export const countSchema = z.int().nonnegative();

/** A physical address. */
export const addressSchema = z.string().regex(/^0x[0-9a-f]+$/);

/** Page frame numbers as text. */
export const pageRunsSchema = z.array(z.string().regex(/^0x[0-9a-f]+(-0x[0-9a-f]+)?$/)).meta({
  id: 'pages',
  description: 'Page frame numbers as inclusive runs: `0x10-0x13`, `0x63`.',
});

const idSchema = z.string().meta({
  id: 'invariant',
  description: 'The name of an invariant, for example `lowmem.locked`. Releases add new ones.',
});

const unjudgedSchema = z.object({
  kind: z.literal('unjudged'),
  code: z
    .string()
    .describe(
      'The code of an error (`E_HOST`, …), `E_EVIDENCE`, `E_INPUT`, `E_PERSONALITY`, `E_EMULATOR` or `E_TIMER`.',
    ),
  why: z.string(),
});

/** What a cell says about its kernel. */
export const verdictSchema = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('match') }),
    z.object({
      kind: z.literal('mismatch'),
      broken: z.array(idSchema),
      cutShort: unjudgedSchema
        .exactOptional()
        .describe('Why the rest could not be judged, where something else ended the cell.'),
    }),
    z.object({
      kind: z.literal('boot-failure'),
      lastLine: z.string().describe('The last telling line of the console.'),
    }),
    z.object({
      kind: z.literal('no-vmcore'),
      phase: z.enum(['crash', 'capture']).describe('Where the kernel was lost.'),
    }),
    unjudgedSchema,
  ])
  .meta({ id: 'verdict', description: 'What a cell says about its kernel.' });

/** What became of an invariant. */
export const invariantOutcomeSchema = z
  .enum(['kept', 'broken', 'known', 'unseen', 'not-asked'])
  .meta({
    id: 'outcome',
    description:
      '`known`: broken, and listed as a known defect. `unseen`: the cell should show it and does not. ' +
      '`not-asked`: the invariant does not apply to this cell.',
  });

/** What every document says about an invariant. */
export const invariantFields = {
  id: idSchema,
  outcome: invariantOutcomeSchema,
  why: z.string().describe('One sentence: what was promised and what was seen.'),
  pages: pageRunsSchema,
  shownBy: z
    .string()
    .exactOptional()
    .describe('Of what is unseen: the kernel option or the setting that would show it.'),
};

const faultsSchema = z
  .object({
    caught: z.array(z.string()),
    missed: z.array(z.string()),
    unbuilt: z.array(z.string()).describe('Its kernel does not build: see its patch.'),
    unjudged: z.array(z.string()),
  })
  .meta({ id: 'faults', description: 'Names of seeded faults by what became of them.' });

/** Whether sub1m would see what is wrong. */
export const detectionSchema = z.object({
  tonight: faultsSchema,
  recently: faultsSchema.describe('Each in the last night that tried it, within a month.'),
});

/** A mistake that the cell's kernel was given, to test sub1m with. */
export const faultSchema = z.object({
  name: z.string(),
  caughtBy: z.array(idSchema).describe('The invariants that should catch it.'),
  caught: z.array(idSchema).describe('Those of them that did; none if it was missed.'),
});

/** `verdict.json`: what one cell says about its kernel, by its evidence. */
export const verdictDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.verdict),
  sub1m: z.string().exactOptional().describe('The version of the sub1m that judged.'),
  policy: z
    .object({ id: z.string(), how: z.string().describe('How it was chosen.') })
    .nullable()
    .describe('The policy that the kernel was held to; null where the cell shows too little.'),
  invariants: z.array(
    z.object({
      ...invariantFields,
      known: z
        .object({ reference: z.string() })
        .nullable()
        .describe('The known defect that is listed for this cell.'),
      evidence: z.string().nullable().describe('The file that shows it, relative to the bundle.'),
    }),
  ),
  fault: faultSchema.nullable(),
  verdict: verdictSchema,
});

/** See `verdictDocumentSchema`. */
export type VerdictDocument = Frozen<z.infer<typeof verdictDocumentSchema>>;
