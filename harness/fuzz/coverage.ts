// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { groupBy } from '../group-by.ts';

/** Characters of a name in gcov's output. */
const NAME_LIMIT = 1000;

/** Entries of its lists, and branches of a kernel's low-memory code. */
export const LIST_LIMIT = 50_000;

const name = z.string().max(NAME_LIMIT);
const count = z.number().min(0);

/** What is read of `gcov --json-format` (gcov(1), "--json-format"). */
const gcovSchema = z.object({
  files: z
    .array(
      z.object({
        file: name,
        lines: z
          .array(
            z.object({
              line_number: count,
              function_name: name.optional(),
              branches: z.array(z.object({ count })).max(LIST_LIMIT),
            }),
          )
          .max(LIST_LIMIT),
      }),
    )
    .max(LIST_LIMIT),
});

/** A branch of a kernel's source: `mm/memblock.c:123 memblock_add_range 1`, the last number counts those of the line. */
export const branchSchema = z.string().max(3 * NAME_LIMIT);
export type Branch = z.infer<typeof branchSchema>;

/** The branches of a source, and those that were taken. */
export interface Coverage {
  readonly all: ReadonlySet<Branch>;
  readonly taken: ReadonlySet<Branch>;
}

/**
 * The branches of a file in what gcov prints of it. `file` is a path in the kernel's source. Throws `SyntaxError` or
 * `ZodError` for other text.
 */
export function parseGcov(text: string, file: string): Coverage {
  const [all, taken] = [new Set<Branch>(), new Set<Branch>()];
  const { files } = gcovSchema.parse(JSON.parse(text));
  for (const { lines } of files.filter((one) => one.file.endsWith(`/${file}`))) {
    const branches = lines.flatMap(({ line_number: line, function_name: within = '', ...of }) =>
      of.branches.map((branch, index) => ({
        ...branch,
        key: `${file}:${line} ${within} ${index}`,
      })),
    );
    for (const { key } of branches) all.add(key);
    for (const { key } of branches.filter((branch) => branch.count > 0)) taken.add(key);
  }
  return { all, taken };
}

/** What kernels took of their own code in all cases, by the SHA-256 of their images. */
export class CoverageOfKernels {
  readonly #of = new Map<string, { all: Set<Branch>; taken: Set<Branch> }>();

  /** `before` is what earlier runs reached. */
  constructor(before: Iterable<{ readonly image: string; readonly branches: readonly Branch[] }>) {
    for (const { image, branches } of before) {
      this.add(image, { all: new Set(branches), taken: new Set(branches) });
    }
  }

  /** Adds what a case took, and gives those branches that none had taken before. */
  add(image: string, { all, taken }: Coverage): Branch[] {
    const known = this.of(image);
    const fresh = [...taken].filter((branch) => !known.taken.has(branch));
    for (const branch of all) known.all.add(branch);
    for (const branch of fresh) known.taken.add(branch);
    return fresh;
  }

  of(image: string): { readonly all: Set<Branch>; readonly taken: Set<Branch> } {
    const known = this.#of.get(image) ?? { all: new Set(), taken: new Set() };
    this.#of.set(image, known);
    return known;
  }
}

/** What was taken of a file. */
export interface FileCoverage {
  readonly file: string;
  readonly branches: number;
  readonly taken: number;
  /** The functions with branches that were never taken, most of them first. */
  readonly missed: readonly {
    readonly name: string;
    readonly branches: number;
    readonly lines: readonly number[];
  }[];
}

/** The same by file and function. */
export function summarise({ all, taken }: Coverage): FileCoverage[] {
  const files = groupBy([...all].map(placeOf), ({ file }) => file);
  return [...files]
    .map(([file, places]) => {
      const missed = places.filter(({ branch }) => !taken.has(branch));
      return {
        file,
        branches: places.length,
        taken: places.length - missed.length,
        missed: [...groupBy(missed, ({ within }) => within)]
          .map(([within, those]) => ({
            name: within,
            branches: those.length,
            lines: [...new Set(those.map(({ line }) => line))].toSorted((a, b) => a - b),
          }))
          .toSorted((a, b) => b.branches - a.branches),
      };
    })
    .toSorted((a, b) => a.file.localeCompare(b.file, 'en'));
}

function placeOf(branch: Branch) {
  const [place = '', within = ''] = branch.split(' ');
  const [file = '', line = ''] = place.split(':');
  return { branch, file, within, line: Number(line) };
}
