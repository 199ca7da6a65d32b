// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LIST_LIMIT, cellSpecSchema } from '../bundle/cell-record.ts';
import type { Axes } from './expand.ts';
import { parseJsonFile } from '../json-file.ts';
import { readInput } from '../process/read-input.ts';
import { projectPath } from '../project-root.ts';
import {
  KNOWN,
  type KnownDefect,
  invariantSchema,
  knownDefectSchema,
  readKnownDefects,
} from './known-defects.ts';
import type { SeededFaults } from './seeded-faults.ts';

/** What a matrix file says. */
export interface Matrix {
  /** Each is crossed by itself; none in a matrix of seeded faults alone. */
  readonly axes: readonly Axes[];
  readonly known: readonly KnownDefect[];
  readonly seeded: readonly SeededFaults[];
  /** How many of the faults a run tries, those that were tried longest ago; null for all. */
  readonly seededPerRun: number | null;
  /** One in so many cells is run with a fresh firmware, too; null for none. */
  readonly freshTwinOneIn: number | null;
}

const MATRICES = projectPath('images/matrices');

const spec = cellSpecSchema.shape;

const axesSchema = z.strictObject({
  kernel: axis(spec.kernel),
  crashkernel: axis(spec.crashkernel).exactOptional(),
  layout: axis(spec.layout).exactOptional(),
  layoutBestEffort: axis(spec.layoutBestEffort).exactOptional(),
  ovmf: axis(spec.ovmf).exactOptional(),
  load: axis(spec.load).exactOptional(),
  trigger: axis(spec.trigger).exactOptional(),
  cpus: axis(spec.cpus).exactOptional(),
  memoryMiB: axis(spec.memoryMiB).exactOptional(),
  accel: axis(spec.accel).exactOptional(),
  vmcore: axis(spec.vmcore).exactOptional(),
  truth: axis(spec.truth.unwrap()).exactOptional(),
  append: axis(spec.append).exactOptional(),
  policy: axis(spec.policy).exactOptional(),
  strict: axis(spec.strict).exactOptional(),
  freshFirmware: axis(spec.freshFirmware).exactOptional(),
});

/** The name of a file without `.json`. */
const plainName = z.string().regex(/^[\w-]+$/, 'expected a name');

const faultSchema = z
  .strictObject({
    name: z.string().regex(/^[\w-]+$/, 'expected a name under images/patches/faults/'),
    axes: axesSchema.omit({ kernel: true }).default({}),
    caughtBy: z.array(invariantSchema).default([]),
    uncaught: z.string().min(1).exactOptional(),
  })
  .refine(({ caughtBy, uncaught }) => caughtBy.length > 0 !== (uncaught !== undefined), {
    path: ['caughtBy'],
    message: 'expected invariants, or why nothing catches it in "uncaught"',
  });

const seededSchema = z.strictObject({
  base: oneOrMore(spec.kernel),
  faults: z.array(faultSchema).min(1),
});

/**
 * A matrix file: the values of each field of a cell's specification that it crosses, and the known defects; or
 * seeded faults, each with the cells that show it. Kernels that need different machines, and bases of seeded faults,
 * stand in a list.
 */
const matrixSchema = z
  .strictObject({
    schema: z.literal(1),
    axes: oneOrMore(axesSchema).exactOptional(),
    known: z.array(knownDefectSchema).max(LIST_LIMIT).default([]),
    /** Files under `images/known/` whose known defects count, too. */
    knownIn: z.array(plainName).default([]),
    seeded: oneOrMore(seededSchema).exactOptional(),
    /** Matrices under `images/matrices/` whose seeded faults belong to this one, too. */
    seededIn: z.array(plainName).exactOptional(),
    seededPerRun: z.int().positive().nullable().default(null),
    freshTwinOneIn: z.int().positive().nullable().default(null),
  })
  .refine(({ axes, seeded, seededIn }) => (axes ?? seeded ?? seededIn) !== undefined, {
    path: ['axes'],
    message: 'expected axes, or seeded faults',
  });

/** What a matrix file says, before the files that it names are read. */
type MatrixFile = z.infer<typeof matrixSchema>;

/** Zod would say of a union only that nothing fits: the value's own shape decides which it is. */
function oneOrMore<T extends z.ZodType>(value: T): z.ZodPreprocess<z.ZodArray<T>> {
  const list = (given: unknown): unknown => (Array.isArray(given) ? given : [given]);
  return z.preprocess(list, z.array(value).min(1));
}

function axis<T extends z.ZodType>(value: T): z.ZodArray<T> {
  return z.array(value).min(1);
}

/**
 * Reads a matrix: a name under `images/matrices/`, or the path of a JSON file, with or without `.json`.
 * Throws `UsageError` if there is none, `FormatError` naming the field at fault.
 */
export async function readMatrix(nameOrPath: string): Promise<Matrix> {
  const file = nameOrPath.endsWith('.json') ? nameOrPath : `${nameOrPath}.json`;
  const isName = /^[\w-]+$/.test(nameOrPath);
  const path = isName ? join(MATRICES, file) : file;
  const missing = async (): Promise<string> => {
    const names = (await readdir(MATRICES)).map((name) => name.replace(/\.json$/, '')).toSorted();
    const these = names.join(', ');
    return `Cannot read matrix ${path}: not a readable file; give its path, or one of ${these}`;
  };
  const { axes, known, seeded, ...named } = parseMatrix(await readInput(path, { missing }), path);
  const defects = await Promise.all(
    named.knownIn.map((one) => readKnownDefects(join(KNOWN, `${one}.json`))),
  );
  const faults = await Promise.all(
    (named.seededIn ?? []).map(async (one) => (await readMatrix(one)).seeded),
  );
  return {
    axes: axes ?? [],
    known: [...known, ...defects.flat()],
    seeded: [...(seeded ?? []), ...faults.flat()],
    seededPerRun: named.seededPerRun,
    freshTwinOneIn: named.freshTwinOneIn,
  };
}

/** Parses the text of such a file; `path` is for messages. Throws `FormatError` naming the field at fault. */
export function parseMatrix(text: string, path: string): MatrixFile {
  return parseJsonFile(text, path, {
    name: 'matrix',
    schema: matrixSchema,
    advice: 'compare images/matrices/default.json',
  });
}
