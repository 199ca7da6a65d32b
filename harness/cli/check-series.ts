// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ProcessError, UsageError } from '../errors.ts';
import {
  type GitTree,
  commitsOf,
  findGitTree,
  parseRevision,
  patchedFiles,
  renderRevision,
  subjectOf,
} from '../kernel/git-tree.ts';
import { parseKernelReference } from '../kernel/kernel-reference.ts';
import { requireKernel } from '../kernel/require-kernel.ts';
import { type SeriesPatch, readSeries } from '../kernel/series-patches.ts';
import { type ComparedRun, compareRuns } from '../matrix/compare-cells.ts';
import type { SeriesResult, SeriesStep } from '../matrix/series.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { type CheckPlan, checkKernels, packageContext } from './check-kernels.ts';

/** A step before it is checked: the reference of its kernel, or why there is none. */
interface PlannedStep {
  readonly name: string;
  readonly ref: string;
  readonly refused: string | null;
}

/** A step that was checked: others are compared with it. */
interface CheckedStep extends PlannedStep {
  readonly imageSha256: string;
  readonly run: ComparedRun;
}

/**
 * Checks a kernel, then what each patch of a series makes of it, each against the one before. The series is a folder, a
 * mailbox, or a range of commits of the tree that is checked. Throws `UsageError` if there is no such series, and what
 * `requireKernel` throws if the base cannot be had.
 */
export async function checkSeries(
  series: string,
  kernel: string,
  plan: CheckPlan,
): Promise<SeriesResult> {
  const sources = packageContext(plan.options, plan.context);
  const steps: SeriesStep[] = [];
  let before: CheckedStep | undefined;
  for (const [nr, step] of (await planSteps(series, kernel, sources)).entries()) {
    plan.context.log.info(`${nr === 0 ? 'base' : `patch ${nr}`}: ${step.name}`);
    const refused = step.refused ?? (await whyNotBuilt(step, before, sources));
    if (refused === null) before = await checkStep(step, before, stepPlan(plan, nr));
    steps.push({ name: step.name, refused, run: refused === null ? (before?.run ?? null) : null });
  }
  return { steps };
}

async function checkStep(
  step: PlannedStep,
  before: CheckedStep | undefined,
  plan: CheckPlan,
): Promise<CheckedStep> {
  const { imageSha256 } = await requireKernel(step.ref, packageContext(plan.options, plan.context));
  const sameImage = before?.imageSha256 === imageSha256;
  const run = sameImage ? before.run : await checkKernels([step.ref], plan);
  if (!before) return { ...step, imageSha256, run };
  const { cells } = sameImage ? { cells: [] } : compareRuns(before.run.cells, run.cells);
  // The two ran at different times: nothing is said of how long they took.
  const comparison = { base: before.name, ref: before.ref, sameImage, cells, times: [] };
  return { ...step, imageSha256, run: { ...run, comparison } };
}

/** Builds a step's kernel. What the base lacks is no fault of a patch: it is thrown. */
async function whyNotBuilt(
  { ref }: PlannedStep,
  base: CheckedStep | undefined,
  sources: PackageContext,
): Promise<string | null> {
  try {
    await requireKernel(ref, sources);
    return null;
  } catch (error) {
    const isPatch = error instanceof ProcessError || error instanceof UsageError;
    if (base === undefined || !isPatch) throw error;
    return error.message;
  }
}

/** Each step has its own folder of results. */
function stepPlan(plan: CheckPlan, nr: number): CheckPlan {
  const { results } = plan.options;
  if (results === undefined) return plan;
  return { ...plan, options: { ...plan.options, results: join(results, String(nr)) } };
}

async function planSteps(
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
    `Cannot put patches on ${kernel}: a tree under git or a recipe wanted; name one, or stand in the tree`,
  );
}

async function commitSteps(
  tree: GitTree,
  range: string,
  { signal }: PackageContext,
): Promise<PlannedStep[]> {
  const commits = await commitsOf(tree, range, signal);
  const [first] = commits;
  if (first === undefined) {
    throw new UsageError(`Cannot check ${range}: at least one commit wanted, the range has none`);
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

/** Patches behind one that does not apply are not tried: they are on top of it. */
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
  let on = files;
  for (const { path, subject } of patches) {
    try {
      on = await patchedFiles(tree, { files: on, patch: path }, signal);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      return [...steps, { name: subject, ref: '', refused: error.message }];
    }
    steps.push({ name: subject, ref: renderRevision(tree, on), refused: null });
  }
  return steps;
}
