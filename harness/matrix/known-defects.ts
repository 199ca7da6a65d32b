// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type CellDefect, type CellSpec, LIST_LIMIT, WORDS_LIMIT } from '../bundle/cell-record.ts';
import { INVARIANTS } from '../check/invariants/invariants.ts';
import { meetsCondition, parseKernelCondition } from '../kernel-condition.ts';
import { parseJsonFile } from '../json-file.ts';
import { readInput } from '../process/read-input.ts';
import { projectPath } from '../project-root.ts';

/** The folder of the lists that come with sub1m. */
export const KNOWN = projectPath('images/known');

const kernelConditionSchema = z.string().transform((text, context) => {
  const condition = parseKernelCondition(text);
  if (condition) return condition;
  const message = `expected a version such as 5.10 or a range such as 5.10..6.1, 5.13.. or ..5.4, found "${text}"`;
  context.issues.push({ code: 'custom', message, input: text });
  return z.NEVER;
});

/** The id of an invariant. */
export const invariantSchema = z.string().refine((id) => Object.hasOwn(INVARIANTS, id), {
  error: ({ input }) =>
    `expected an invariant, found "${String(input)}"; they are ${Object.keys(INVARIANTS).join(', ')}`,
});

/** A known defect: the cells that show it, by the fields that are given, and where it is described. */
export const knownDefectSchema = z.strictObject({
  kernel: kernelConditionSchema,
  /** The cell's layout as it was asked for. */
  layout: z.string().exactOptional(),
  /** Whether the cell has one. */
  crashkernel: z.boolean().exactOptional(),
  /** A word of what is appended to the command line. */
  append: z.string().regex(/^\S+$/, 'expected one word of a command line').exactOptional(),
  invariant: invariantSchema,
  reference: z.string().max(WORDS_LIMIT).regex(/\S/, 'expected an address or a commit'),
});

/** See `knownDefectSchema`. */
export type KnownDefect = z.infer<typeof knownDefectSchema>;

const fileSchema = z.strictObject({
  schema: z.literal(1),
  known: z.array(knownDefectSchema).max(LIST_LIMIT),
});

/**
 * Reads a file of known defects: `{"schema": 1, "known": […]}`. Throws `UsageError` if there is none, `FormatError`
 * naming the field at fault.
 */
export async function readKnownDefects(path: string): Promise<KnownDefect[]> {
  const missing = (): string =>
    `Cannot read known defects ${path}: not a readable file; give its path`;
  const text = await readInput(path, { missing });
  const advice =
    'one is {"kernel": "5.10..6.1", "invariant": "lowmem.locked", "reference": "<address or commit>"}';
  return parseJsonFile(text, path, { name: 'known defects', schema: fileSchema, advice }).known;
}

/** Reads every list under `images/known/`. */
export async function readAllKnownDefects(): Promise<KnownDefect[]> {
  const names = (await readdir(KNOWN)).filter((name) => name.endsWith('.json'));
  const lists = names.toSorted().map((name) => readKnownDefects(join(KNOWN, name)));
  return (await Promise.all(lists)).flat();
}

/** The defects that such a cell with a kernel of that release should show. */
export function matchKnownDefects(
  defects: readonly KnownDefect[],
  spec: CellSpec,
  release: string,
): CellDefect[] {
  return defects
    .filter(
      ({ kernel, layout, crashkernel, append }) =>
        meetsCondition(kernel, release) &&
        (layout ?? spec.layout) === spec.layout &&
        (crashkernel ?? hasCrashkernel(spec)) === hasCrashkernel(spec) &&
        (append === undefined || spec.append.split(/\s+/).includes(append)),
    )
    .map(({ invariant, reference }) => ({ invariant, reference }));
}

function hasCrashkernel({ crashkernel }: CellSpec): boolean {
  return crashkernel !== null;
}
