// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { BuildError, UsageError } from '../errors.ts';
import {
  type GitTree,
  commitsOf,
  findCommit,
  findGitTree,
  parseRevision,
  patchedFiles,
  renderRevision,
  requireFiles,
  subjectOf,
} from '../kernel/git-tree.ts';
import { parseKernelReference } from '../kernel/kernel-reference.ts';
import { type SeriesPatch, readSeries } from '../kernel/series-patches.ts';
import type { PackageContext } from '../package/package-lists.ts';

/** A step before it is checked: the reference of its kernel, or why there is none. */
export interface PlannedStep {
  readonly name: string;
  readonly ref: string;
  readonly refused: string | null;
}

/**
 * The steps of a series: a folder, a mailbox, or a range of commits of the tree that is checked; the base comes first.
 * Throws `UsageError` if there is no such series, or if patches cannot be put on the kernel.
 */
export async function planSteps(
  series: string,
  kernel: string,
  context: PackageContext,
): Promise<PlannedStep[]> {
  const revision = parseRevision(kernel);
  const tree = revision && (await findGitTree(revision.tree, context));
  if (tree && series.includes('..') && !existsSync(series)) {
    return commitSteps(tree, series, context);
  }
  const patches = await readSeries(series, context);
  if (parseKernelReference(kernel).kind === 'recipe') return recipeSteps(kernel, patches);
  if (tree) return patchSteps(tree, { files: revision.revision, patches }, context);
  throw new UsageError(
    `Cannot put patches on ${kernel}: expected a tree under git, or a recipe; name one, or change into the tree`,
  );
}

async function commitSteps(
  tree: GitTree,
  range: string,
  { signal }: PackageContext,
): Promise<PlannedStep[]> {
  for (const end of range.split(/\.{2,3}/)) {
    if (end === '' || (await findCommit(tree, end, signal)) !== undefined) continue;
    throw new UsageError(`Cannot check ${range}: expected commits of ${tree.top}, found no ${end}`);
  }
  const commits = await commitsOf(tree, range, signal);
  const [first] = commits;
  if (first === undefined) {
    throw new UsageError(`Cannot check ${range}: expected a range with commits, found none in it`);
  }
  const base = `${first.id}^`;
  return [
    { name: await subjectOf(tree, base, signal), ref: `${tree.top}@${base}`, refused: null },
    ...commits.map(({ id, subject }) => ({
      name: subject,
      ref: renderRevision(tree, id),
      refused: null,
    })),
  ];
}

function recipeSteps(recipe: string, patches: readonly SeriesPatch[]): PlannedStep[] {
  const steps: PlannedStep[] = [{ name: recipe, ref: recipe, refused: null }];
  let ref = recipe;
  for (const { path, subject } of patches) {
    ref = `${ref}+${path}`;
    steps.push({ name: subject, ref, refused: null });
  }
  return steps;
}

/** Patches after one that does not apply are not tried: they are on top of it. */
async function patchSteps(
  tree: GitTree,
  { files, patches }: { readonly files: string; readonly patches: readonly SeriesPatch[] },
  { signal }: PackageContext,
): Promise<PlannedStep[]> {
  const steps: PlannedStep[] = [
    {
      name: await subjectOf(tree, 'HEAD', signal),
      ref: renderRevision(tree, files),
      refused: null,
    },
  ];
  let on = await requireFiles(tree, files, signal);
  for (const { path, subject } of patches) {
    try {
      on = await patchedFiles(tree, { files: on, patch: path }, signal);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      return [...steps, { name: subject, ref: '', refused: error.message }];
    }
    steps.push({ name: subject, ref: renderRevision(tree, on), refused: null });
  }
  return steps;
}
