// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { addressSchema, countSchema, pageRunsSchema } from './verdict-schema.ts';

const rangesSchema = z
  .array(z.string().regex(/^0x[0-9a-f]+-0x[0-9a-f]+$/))
  .describe(
    'Ranges of physical addresses, as `/proc/iomem` has them: the last one belongs to them.',
  );

/** How the kernel ends; null if it boots. */
const panicSchema = z
  .object({
    step: z.string().describe('The kernel function that stops the kernel.'),
    line: z.string(),
    orBefore: z.string().exactOptional().describe('A panic that may come first, as KASLR has it.'),
    orHangs: z.string().exactOptional().describe('What it complains of where it hangs instead.'),
  })
  .nullable();

const undecidedSchema = z
  .string()
  .exactOptional()
  .describe(
    'Why the layout leaves something undecided: pages have the owner `undecided` then, and what is null may be either.',
  );

const predictionSchema = z.object({
  policy: z.string(),
  undecided: undecidedSchema,
  kernels: z.string().describe('Which kernels have that policy.'),
  panic: panicSchema,
  trampoline: addressSchema.nullable(),
  pages: z.array(z.string()).length(256).describe('The owner of each page at the kexec jump.'),
  moments: z
    .record(z.string(), z.record(z.string(), pageRunsSchema))
    .describe('By moment and owner, the pages.'),
  logLines: z.array(z.string()).describe('What the kernel prints of all this.'),
  captureLowRam: rangesSchema,
  vmcoreLow: z.object({ kexec_file_load: rangesSchema, kexec_load: rangesSchema }),
  page: countSchema.exactOptional().describe('With `--history`: the page asked for.'),
  history: z
    .array(z.object({ step: z.string(), owner: z.string(), why: z.string() }))
    .exactOptional(),
});

/** What was taken from a log, and what had to be assumed. */
export const basisSchema = z.object({
  told: z.array(z.string()).describe('What was taken from the log, and how it was read.'),
  assumed: z
    .array(z.object({ says: z.string(), option: z.string().nullable() }))
    .describe('What the log does not tell, and the option that does.'),
  policy: z.string().nullable().describe("That of the log's own kernel."),
});

/** What `model --json` prints of one machine. */
export const modelDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.model),
  layout: z.object({
    id: z.string(),
    machine: z.string().nullable(),
    source: z.string(),
    synthetic: z.boolean(),
    efiMap: z.boolean().describe('Whether its EFI memory map is known, and not only an e820 map.'),
  }),
  log: basisSchema.exactOptional().describe('Of a log: what the answer rests on.'),
  cmdline: z.string(),
  crashkernel: z.string().exactOptional().describe('Why no crashkernel is reserved.'),
  predictions: z.array(predictionSchema).describe('One for each policy asked for.'),
});

/** What `model --corpus --json` prints: what each policy makes of every layout. */
export const corpusDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.corpus),
  cmdline: z.string(),
  layouts: z.array(
    z.object({
      id: z.string(),
      synthetic: z.boolean(),
      policies: z.record(
        z.string(),
        z.object({
          freedKiB: countSchema,
          lockedKiB: countSchema.describe('Kept from the system kernel, for crashkernel.'),
          wastedKiB: countSchema.describe('Reserved, and nobody uses it.'),
          trampoline: addressSchema.nullable().describe('Null if it finds no place.'),
          panic: panicSchema,
          undecided: undecidedSchema,
        }),
      ),
    }),
  ),
});

/** See `corpusDocumentSchema`. */
export type CorpusDocument = Frozen<z.infer<typeof corpusDocumentSchema>>;
/** See `modelDocumentSchema`. */
export type ModelDocument = Frozen<z.infer<typeof modelDocumentSchema>>;
