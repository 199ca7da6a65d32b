// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { SCHEMA_VERSION, cellSpecSchema } from '../bundle/cell-record.ts';
import { FormatError, UsageError } from '../errors.ts';
import type { Axes } from './expand.ts';

const MATRICES = fileURLToPath(new URL('../../images/matrices/', import.meta.url));

const spec = cellSpecSchema.shape;

/** A matrix file: the values of each field of a cell's specification that it crosses. */
const matrixSchema = z.strictObject({
  schema: z.literal(SCHEMA_VERSION),
  axes: z.strictObject({
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
    append: axis(spec.append).exactOptional(),
    policy: axis(spec.policy).exactOptional(),
  }),
});

function axis<T extends z.ZodType>(value: T): z.ZodArray<T> {
  return z.array(value).min(1);
}

/**
 * Reads a matrix: a name under `images/matrices/`, or the path of a JSON file.
 * Throws `UsageError` if there is none, `FormatError` naming the field at fault.
 */
export async function readMatrix(nameOrPath: string): Promise<Axes> {
  const isName = /^[\w-]+$/.test(nameOrPath);
  const path = isName ? join(MATRICES, `${nameOrPath}.json`) : nameOrPath;
  const text = await readMatrixText(path);
  const parsed = matrixSchema.safeParse(parseJson(text, path));
  if (parsed.success) return parsed.data.axes;
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') || 'the whole file';
  throw new FormatError(
    `Cannot read matrix ${path}: ${field}: ${issue?.message}; compare images/matrices/default.json`,
    { cause: parsed.error },
  );
}

async function readMatrixText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const names = (await readdir(MATRICES)).map((name) => name.replace(/\.json$/, '')).toSorted();
    const these = names.join(', ');
    throw new UsageError(
      `Cannot read matrix ${path}: no file that can be read; give its path, or one of ${these}`,
      { cause: error },
    );
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FormatError(`Cannot read matrix ${path}: not JSON: ${why}`, { cause: error });
  }
}
