// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { FormatError } from '../../errors.ts';
import { parseJsonFile } from '../../json-file.ts';
import { DOCUMENT_VERSIONS } from './document.ts';
import { invariantOutcomeSchema, verdictDocumentSchema } from './verdict-schema.ts';

const { policy, verdict, sub1m } = verdictDocumentSchema.shape;

/** Of either number, as far as two verdicts are compared; the first had no seeded faults. */
const recordedVerdictSchema = z.object({
  schema: z.union([z.literal(1), z.literal(DOCUMENT_VERSIONS.verdict)]),
  sub1m,
  policy,
  invariants: z.array(z.object({ id: z.string(), outcome: invariantOutcomeSchema })),
  fault: z
    .object({ caught: z.array(z.string()) })
    .nullable()
    .default(null),
  verdict,
});

const KIND = { name: 'verdict', advice: 'expected a verdict.json; judge the bundle again' };

/**
 * Takes the text of a `verdict.json` of this sub1m or an older one. Throws `FormatError` naming the field at fault, or the
 * version of one that is newer.
 */
export function readVerdictDocument(
  text: string,
  path: string,
): z.infer<typeof recordedVerdictSchema> {
  const versionSchema = z.looseObject({ schema: z.int().positive() });
  const { schema } = parseJsonFile(text, path, { ...KIND, schema: versionSchema });
  if (schema > DOCUMENT_VERSIONS.verdict) {
    throw new FormatError(
      `Cannot read verdict ${path}: expected schema 1 or 2, found ${schema}; a newer sub1m wrote it`,
    );
  }
  return parseJsonFile(text, path, { ...KIND, schema: recordedVerdictSchema });
}
