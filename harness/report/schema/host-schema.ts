// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { countSchema } from './verdict-schema.ts';

/** What `doctor --json` prints. */
export const doctorDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.doctor),
  ready: z.boolean().describe('Whether cells can run here.'),
  findings: z.array(
    z.object({
      subject: z.string(),
      ok: z.boolean(),
      needed: z.boolean().describe('Whether cells cannot run without it.'),
      says: z.string(),
      remedy: z.string().nullable().describe('What to do about it.'),
    }),
  ),
});

/** What `kernels --json` prints. */
export const kernelsDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.kernels),
  kernels: z
    .array(
      z.object({
        ref: z.string().describe('The reference that names exactly this kernel.'),
        package: z.string(),
        version: z.string(),
        flavour: z.string(),
        suite: z.string(),
        downloadBytes: countSchema,
        cached: z.boolean().describe('Whether it is in the cache: no download needed.'),
        listed: z.string().describe('When the mirror was last asked, ISO 8601.'),
      }),
    )
    .describe('Oldest first.'),
});

/** What `cache --json` prints. */
export const cacheDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.cache),
  folder: z.string(),
  limitBytes: countSchema.describe('How large it may grow.'),
  entries: z
    .array(
      z.object({
        area: z.string().describe('The folder of the cache that it is in. Releases add new ones.'),
        path: z.string(),
        bytes: countSchema.describe('What it takes of the disk.'),
        used: z.string().describe('When it was used last, ISO 8601.'),
        removed: z.boolean().describe('With --clear or --trim: whether it is gone.'),
      }),
    )
    .describe('The least recently used first.'),
});

/** See `doctorDocumentSchema`. */
export type DoctorDocument = Frozen<z.infer<typeof doctorDocumentSchema>>;
/** See `kernelsDocumentSchema`. */
export type KernelsDocument = Frozen<z.infer<typeof kernelsDocumentSchema>>;
/** See `cacheDocumentSchema`. */
export type CacheDocument = Frozen<z.infer<typeof cacheDocumentSchema>>;
