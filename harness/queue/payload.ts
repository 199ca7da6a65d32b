// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { cellRecordSchema, cellSpecSchema, MESSAGE_LIMIT } from '../bundle/cell-record.ts';
import { VMCORES_KEPT } from '../bundle/removed-vmcore.ts';
import { FormatError } from '../errors.ts';

/** The version of what goes over a queue, and of how it is used. */
export const QUEUE_VERSION = 1;

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256');

/** A file in the store, and its name where it is used: no path. */
const fileSchema = z.strictObject({
  name: z.string().regex(/^\w[\w.+-]{0,99}$/, 'expected a plain name'),
  sha256: hashSchema,
});

/** A file in the store. */
export type StoredFile = z.infer<typeof fileSchema>;

const words = z.string().max(4096);
const { shape } = cellRecordSchema;

/** What a worker is asked: one cell, and all that its machine is given, by content. */
export const payloadSchema = z.strictObject({
  schema: z.literal(QUEUE_VERSION),
  id: shape.id,
  spec: cellSpecSchema,
  kernel: z.strictObject({
    release: words,
    package: words.nullable(),
    image: fileSchema,
    modules: z.array(fileSchema).max(1000),
  }),
  ovmf: z.strictObject({ code: fileSchema, vars: fileSchema, description: words }),
  /** A layout's file; null for OVMF's own. */
  layout: fileSchema.nullable(),
  known: shape.known.unwrap(),
  fault: shape.fault.unwrap(),
  keep: z.enum(VMCORES_KEPT),
  keepMemory: z.boolean(),
  budget: z.number().positive().max(1000),
});

/** See `payloadSchema`. */
export type CellPayload = z.infer<typeof payloadSchema>;

/** What a worker answers: a bundle in the store, or why there is none. */
export const resultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('bundle'),
    sha256: hashSchema,
    bytes: z.int().positive(),
    worker: words,
  }),
  z.strictObject({
    kind: z.literal('untold'),
    code: z.string().regex(/^E_[A-Z_]{1,60}$/),
    message: z.string().max(MESSAGE_LIMIT),
    worker: words,
  }),
]);

/** See `resultSchema`. */
export type CellResult = z.infer<typeof resultSchema>;

/** What came over the queue, by its schema. Throws `FormatError` naming the field at fault. */
export function parseSent<T>(value: unknown, schema: z.ZodType<T>, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'all of it';
  throw new FormatError(`Cannot read ${what}: ${field}: ${issue?.message}`, {
    cause: parsed.error,
  });
}
