// SPDX-License-Identifier: MIT
/** `removed/vmcore.json`: what is left of a vmcore that was removed because nobody asked to keep it. */
import { z } from 'zod';
import { parseJsonFile } from '../json-file.ts';
import { SCHEMA_VERSION } from './cell-record.ts';
import { lowPages, said, seen } from './dead-kernel.ts';

/** Whose vmcores a run keeps: those of all cells, of those that are no match, of none. */
export const VMCORES_KEPT = ['all', 'broken', 'none'] as const;

/** See `VMCORES_KEPT`. */
export type VmcoresKept = (typeof VMCORES_KEPT)[number];

/** Of what a record of an older sub1m does not have. */
const NOT_LOOKED_AT = { value: null, why: 'An older sub1m removed the vmcore, and did not look' };

const removedVmcoreSchema = z.object({
  schema: z.literal(SCHEMA_VERSION),
  /** By which `--keep` it was removed. */
  keep: z.enum(VMCORES_KEPT),
  /** The version of the sub1m that read it. */
  sub1m: said,
  /** Of the file. */
  bytes: z.int().nonnegative(),
  /** How many pages it had; they are in `removed/pages.gz`, and so are those that it should have had. */
  pages: seen(z.int().nonnegative()),
  /** As in `VmcoreDigest`. */
  whole: seen(said),
  lowPages: seen(lowPages),
  crashkernelFreed: seen(z.int().nonnegative()).default(NOT_LOOKED_AT),
  writableCode: seen(z.array(z.int().min(0).max(0xff)).max(0x100)).default(NOT_LOOKED_AT),
  keptKindsLeftOut: seen(z.int().nonnegative()),
});

/** See the file's head. */
export type RemovedVmcore = z.infer<typeof removedVmcoreSchema>;

/** Parses the text of such a file. Throws `FormatError`. */
export function parseRemovedVmcore(text: string, path: string): RemovedVmcore {
  return parseJsonFile(text, path, {
    name: 'record of a removed vmcore',
    schema: removedVmcoreSchema,
    advice: 'run the cell again',
  });
}
