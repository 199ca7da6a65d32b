// SPDX-License-Identifier: MIT
/**
 * The history of cells: what each showed in which run, kept in `history.jsonl`. Files of several machines are merged by
 * concatenation, so neither the order of lines nor duplicates matter. Nothing here starts anything or knows the time.
 */
import { z } from 'zod';
import { WORDS_LIMIT, cellRecordSchema } from '../bundle/cell-record.ts';

/** The version of a line, its field `schema`: results/README.md has the rule by which it is raised. */
export const HISTORY_VERSION = 1;

const words = z.string().max(WORDS_LIMIT);
const count = z.int().positive().max(1_000_000);
const idsSchema = z.array(z.string().max(255)).max(1000).exactOptional();

/** The SHA-256 of a file, in hexadecimal. */
const hashSchema = z.string().max(128);

/** What a cell counts as in the summary of its run. */
const countedSchema = z.enum(['match', 'mismatch', 'unjudged']);

/** One cell of one run. */
export const historyLineSchema = z.object({
  schema: z.literal(HISTORY_VERSION),
  run: words.describe('The name of the results folder.'),
  at: cellRecordSchema.shape.startedAt
    .refine((at) => !Number.isNaN(Date.parse(at)), 'no such time')
    .describe('When the run began, ISO 8601, in UTC.'),
  cell: cellRecordSchema.shape.id.describe('The name of the cell, without the number of a repeat.'),
  repeat: count.describe('1, or the number of the repeat with `--repeat`.'),
  key: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('What was asked of the cell, as a hash: the same key is the same cell in every run.'),
  anyAccel: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .exactOptional()
    .describe('The key of the same cell under any accelerator, if it asks for one.'),
  kernel: z.object({
    ref: z.string().max(131_072).describe('The kernel reference as the user wrote it.'),
    release: words.nullable().describe('Null when the cell failed before there was one.'),
    image: hashSchema.nullable().describe('The SHA-256 of the image.'),
  }),
  ovmf: hashSchema.nullable().describe('The SHA-256 of the firmware.'),
  accel: z.enum(['kvm', 'tcg']).nullable(),
  verdict: z.object({
    counted: countedSchema.describe('What the cell counts as: known defects are no mismatch.'),
    kind: z.enum(['match', 'mismatch', 'boot-failure', 'no-vmcore', 'unjudged']),
    code: words.nullable().describe('Why it could not be judged, in whole or in part.'),
  }),
  invariants: z
    .object({ kept: idsSchema, known: idsSchema, broken: idsSchema, unseen: idsSchema })
    .describe('Ids by outcome. An invariant that does not apply to the cell is not listed.'),
  fault: z
    .object({ name: words, caught: z.boolean() })
    .nullable()
    .describe('The seeded fault of its kernel, and whether an invariant caught it.'),
  seconds: z
    .record(words, z.number().nonnegative())
    .describe('Seconds in each phase that was entered, and `total`.'),
  sub1m: words.describe('The version of sub1m that judged.'),
});

type Line = z.infer<typeof historyLineSchema>;

/** See `historyLineSchema`. */
export type HistoryLine = { readonly [K in keyof Line]: Readonly<Line[K]> };

/** What a cell counts as in the summary of its run. */
export type Counted = z.infer<typeof countedSchema>;

/** How an invariant that was judged came out. */
export type JudgedOutcome = 'kept' | 'known' | 'broken';

/** The outcomes that say something about the kernel, the worst last. */
export const JUDGED_OUTCOMES: readonly JudgedOutcome[] = ['kept', 'known', 'broken'];
