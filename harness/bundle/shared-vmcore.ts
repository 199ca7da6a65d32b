// SPDX-License-Identifier: MIT
/** `vmcore.shared.json`: how a vmcore is put together that shares with others of its run. */
import { z } from 'zod';
import { parseJsonFile } from '../json-file.ts';
import { SCHEMA_VERSION } from './cell-record.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256');

const sharedVmcoreSchema = z.object({
  schema: z.literal(SCHEMA_VERSION),
  /** Of the file `vmcore`. */
  bytes: z.int().nonnegative(),
  sha256,
  /** The vmcore from which it was made, by `vmcore.delta.zst`; the same SHA-256 if that is all of it. */
  base: sha256,
});

/** See the file's head. */
export type SharedVmcore = z.infer<typeof sharedVmcoreSchema>;

/** Parses the text of such a file. Throws `FormatError`. */
export function parseSharedVmcore(text: string, path: string): SharedVmcore {
  return parseJsonFile(text, path, {
    name: 'record of a shared vmcore',
    schema: sharedVmcoreSchema,
    advice: 'run the cell again',
  });
}
