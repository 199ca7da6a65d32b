// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { cellRecordSchema, cellSpecSchema } from '../../bundle/cell-record.ts';
import { DOCUMENT_VERSIONS, type Frozen } from './document.ts';
import { mergeSchema } from './merge-schema.ts';
import {
  addressSchema,
  countSchema,
  detectionSchema,
  faultSchema,
  invariantFields,
  invariantOutcomeSchema,
  pageRunsSchema,
  verdictSchema,
} from './verdict-schema.ts';

/** 256 pages are what lies below 1 MiB; a page that was not predicted, or not seen, has null. */
const pagesSchema = z
  .array(
    z.object({
      predicted: z.string().nullable().describe('The owner that the model gives to the page.'),
      observed: z.string().nullable().describe('What the kernel says the page is.'),
    }),
  )
  .length(256)
  .describe('The pages below 1 MiB, by page frame number.');

const { crashkernel, layout, load, cpus } = cellSpecSchema.shape;
const { pressure, attempts } = cellRecordSchema.shape;

/** One cell of a run. */
export const cellDocumentSchema = z
  .object({
    id: z.string().describe("The name of the cell, and of its bundle's folder."),
    kernel: z.object({
      ref: z.string().describe('The kernel reference as the user wrote it.'),
      release: z.string().nullable().describe('Null when the cell failed before there was one.'),
    }),
    crashkernel: crashkernel.describe('The value of `crashkernel=`; null for none.'),
    layout: layout.describe('The firmware layout below 1 MiB.'),
    load: load.describe('The syscall that loads the capture kernel.'),
    trigger: z.string().describe('How the system kernel is made to panic. Releases add new ones.'),
    cpus,
    accel: z.enum(['kvm', 'tcg']).nullable(),
    firmware: z
      .enum(['saved', 'fresh'])
      .nullable()
      .exactOptional()
      .describe('Whether the machine went on from a saved firmware, or booted its own.'),
    policy: z.string().nullable().describe('The policy that the kernel was held to.'),
    fault: faultSchema.nullable(),
    verdict: verdictSchema,
    invariants: z.array(
      z.object({
        ...invariantFields,
        known: z
          .string()
          .nullable()
          .describe('The reference of the known defect that is listed for this cell.'),
      }),
    ),
    pages: pagesSchema,
    trampoline: addressSchema.nullable().describe('Where the real-mode trampoline was seen.'),
    seconds: z
      .record(z.string(), z.number())
      .describe('Seconds in each phase that was entered, and `total`.'),
    pressure: pressure
      .unwrap()
      .exactOptional()
      .describe('What the host let the machine have in each phase: shares from 0 to 1.'),
    attempts: attempts.unwrap().exactOptional().describe('Attempts before, which proved nothing.'),
    bundle: z.string().describe('The path of its bundle.'),
  })
  .meta({ id: 'cell', description: 'One kernel on one machine with one crash.' });

const baseSchema = z
  .object({
    name: z.string().describe('For people: `HEAD~1 (<commit and subject>)`.'),
    ref: z.string().describe('Its kernel reference.'),
    sameImage: z
      .boolean()
      .describe('Whether both images are the same byte for byte: then the base was not run.'),
    cells: z.array(cellDocumentSchema),
  })
  .describe('With `--base`: what the kernel is compared with.');

const changeSchema = z.object({
  cell: z.string(),
  base: z.string().describe("The id of the base's cell."),
  uncompared: z.string().nullable().describe('Why the two cannot be compared.'),
  pages: z.array(z.object({ pages: pageRunsSchema, from: z.string(), to: z.string() })),
  invariants: z.array(
    z.object({
      id: invariantFields.id,
      from: invariantOutcomeSchema,
      to: invariantOutcomeSchema,
      why: z.string(),
      isWorse: z.boolean().describe('Whether it is broken as it was not before.'),
    }),
  ),
  log: z.object({ gone: z.array(z.string()), come: z.array(z.string()) }),
});

const timeSchema = z.object({
  phase: z.string(),
  from: z.number().describe('Seconds, the median over cells.'),
  to: z.number(),
  cells: countSchema,
});

/** `run.json`: one execution of a matrix, or the same judged again. */
export const runDocumentSchema = z.object({
  schema: z.literal(DOCUMENT_VERSIONS.run),
  run: z.string().describe('The name of its results folder.'),
  merge: mergeSchema.exactOptional().describe('With `report`: what the run was merged from.'),
  summary: z
    .object({
      match: countSchema,
      mismatch: countSchema,
      unjudged: countSchema,
      known: countSchema,
    })
    .describe('Each cell counts once, and under `known` too if it shows a known defect.'),
  detection: detectionSchema
    .exactOptional()
    .describe('By the history that the run is in, else by its own cells.'),
  cells: z.array(cellDocumentSchema).describe('In matrix order.'),
  base: baseSchema.exactOptional(),
  changes: z
    .array(changeSchema)
    .exactOptional()
    .describe('With `--base`: the cells that show something else than the base.'),
  times: z
    .array(timeSchema)
    .exactOptional()
    .describe('With `--base`: the phases that take longer or shorter, beyond noise.'),
});

/** See `cellDocumentSchema`. */
export type CellDocument = Frozen<z.infer<typeof cellDocumentSchema>>;
/** See `runDocumentSchema`. */
export type RunDocument = Frozen<z.infer<typeof runDocumentSchema>>;
