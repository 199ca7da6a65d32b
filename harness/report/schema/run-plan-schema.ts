// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { cellRecordSchema } from '../../bundle/cell-record.ts';
import { UnsupportedFormatError } from '../../errors.ts';
import { parseJsonFile } from '../../json-file.ts';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/);
const idsSchema = z.array(z.string().max(255)).max(100_000);
const wordsSchema = z.string().max(4096);

/** `plan.json`: what a run was about to do when it began. */
export const runPlanSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS['run-plan']),
  run: wordsSchema.describe('The name of the results folder.'),
  at: cellRecordSchema.shape.startedAt.describe('When the run began, ISO 8601, in UTC.'),
  sub1m: z.object({
    version: wordsSchema,
    code: hashSchema.describe('The SHA-256 of the sources that judge.'),
    model: hashSchema.describe('The SHA-256 of the sources of the model alone.'),
  }),
  matrix: z.object({
    name: wordsSchema.describe('As the user wrote it; without a matrix, the command.'),
    sha256: hashSchema.describe('Of what it asks of its cells, and of the known defects.'),
    cells: idsSchema.describe('All cells of the matrix.'),
  }),
  shard: z
    .string()
    .regex(/^[1-9]\d{0,5}\/[1-9]\d{0,5}$/)
    .nullable()
    .describe('`i/n`, or null.'),
  limit: z.number().positive().nullable().describe('Seconds that the run may take, or null.'),
  repeat: z.int().positive().max(1_000_000).describe('How often each cell is run.'),
  planned: idsSchema.describe('The cells that all shards together run.'),
  chosen: idsSchema.describe('Those of this run.'),
});

/** See `runPlanSchema`. */
export type RunPlanDocument = Frozen<z.infer<typeof runPlanSchema>>;

/** Of a document that is newer, what says who can read it. */
const versionSchema = z.looseObject({
  schema: z.int().positive(),
  sub1m: z.looseObject({ version: wordsSchema }).optional(),
});

const KIND = {
  name: 'plan',
  advice: 'expected the plan.json of a run; without one, its cells alone count',
};

/**
 * Takes the text of a `plan.json`. Throws `FormatError` naming the field at fault, `UnsupportedFormatError` for one that
 * is newer: it says which sub1m reads it.
 */
export function readRunPlan(text: string, path: string): RunPlanDocument {
  const { schema, sub1m } = parseJsonFile(text, path, { ...KIND, schema: versionSchema });
  const known = DOCUMENT_VERSIONS['run-plan'];
  if (schema > known) {
    const who = sub1m
      ? `sub1m ${sub1m.version}, which wrote it, reads it`
      : 'a newer sub1m wrote it';
    throw new UnsupportedFormatError(
      `Cannot read plan ${path}: expected schema ${known}, found ${schema}; ${who}`,
    );
  }
  return parseJsonFile(text, path, { ...KIND, schema: runPlanSchema });
}
