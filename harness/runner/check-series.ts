// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { BuildError } from '../errors.ts';
import { requireKernel } from '../kernel/require-kernel.ts';
import { type ComparedRun, compareRuns } from '../matrix/compare-cells.ts';
import type { SeriesResult, SeriesStep } from '../matrix/series.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { type CheckPlan, checkKernels } from './check-kernels.ts';
import { type PlannedStep, planSteps } from './series-steps.ts';

/** A step that was checked: others are compared with it. */
interface CheckedStep extends PlannedStep {
  readonly imageSha256: string;
  readonly run: ComparedRun;
}

/**
 * Checks a kernel, and then each patch of a series against the kernel before it. What keeps a patch from being checked ends
 * the series there, with all that was found until then. Throws like `planSteps`, and like `requireKernel` if there is no
 * base.
 */
export async function checkSeries(
  series: string,
  kernel: string,
  plan: CheckPlan,
): Promise<SeriesResult> {
  const planned = await planSteps(series, kernel, plan.sources);
  const steps: SeriesStep[] = [];
  let before: CheckedStep | undefined;
  for (const [nr, step] of planned.entries()) {
    plan.context.log.info(`${nr === 0 ? 'base' : `patch ${nr}`}: ${step.name}`);
    try {
      const refused = await whyRefused(step, nr === 0, plan.sources);
      if (refused === null) before = await checkStep(step, before, stepPlan(plan, nr));
      steps.push({
        name: step.name,
        refused,
        run: refused === null ? (before?.run ?? null) : null,
      });
    } catch (error) {
      if (steps.length === 0) throw error;
      const unchecked = planned.slice(nr).map(({ name }) => ({ name, refused: null, run: null }));
      return { steps: [...steps, ...unchecked], cutShort: error as Error };
    }
  }
  return { steps, cutShort: null };
}

async function checkStep(
  step: PlannedStep,
  before: CheckedStep | undefined,
  plan: CheckPlan,
): Promise<CheckedStep> {
  const { imageSha256 } = await requireKernel(step.ref, plan.sources);
  const sameImage = before?.imageSha256 === imageSha256;
  const run = sameImage ? before.run : await checkKernels([step.ref], plan);
  if (!before) return { ...step, imageSha256, run };
  const { cells } = sameImage ? { cells: [] } : compareRuns(before.run.cells, run.cells);
  // The two ran at different times: how long they took is not compared.
  const comparison = { base: before.name, ref: before.ref, sameImage, cells, times: [] };
  return { ...step, imageSha256, run: { ...run, comparison } };
}

/** Builds a step's kernel, or returns why it does not build. That the base does not build is no patch's fault: it is thrown. */
export async function whyRefused(
  { ref, refused }: PlannedStep,
  isBase: boolean,
  sources: PackageContext,
): Promise<string | null> {
  if (refused !== null) return refused;
  try {
    await requireKernel(ref, sources);
    return null;
  } catch (error) {
    if (isBase || !(error instanceof BuildError)) throw error;
    return error.message;
  }
}

/** Each step has its own folder of results. */
function stepPlan(plan: CheckPlan, nr: number): CheckPlan {
  const { results } = plan.settings;
  if (results === undefined) return plan;
  return { ...plan, settings: { ...plan.settings, results: join(results, String(nr)) } };
}
