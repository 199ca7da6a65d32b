// SPDX-License-Identifier: MIT
import type { InvariantId } from '../check/invariants/invariants.ts';
import { UsageError } from '../errors.ts';
import { type ComparedRun, comparisonStatus } from '../matrix/compare-cells.ts';
import { summary } from '../matrix/judged-cell.ts';
import { readKnownDefects } from '../matrix/known-defects.ts';
import { seriesStatus } from '../matrix/series.ts';
import { type CheckPlan, checkAgainst, checkKernels } from '../runner/check-kernels.ts';
import { checkSeries } from '../runner/check-series.ts';
import { asItStands, requireBase, requireTreeAround } from '../runner/checked-kernel.ts';
import { withCorpus } from '../runner/layouts.ts';
import { packageContext } from '../runner/package-context.ts';
import { STANDARDS, type Standard } from '../runner/standard-cells.ts';
import { watchKernel } from '../runner/watch-kernel.ts';
import { givenAxes } from './cell-options.ts';
import type { CommandContext } from './command-context.ts';
import { exitCode, invariantExitCode } from './exit-code.ts';
import { reportIntoFolder, reportRun, reportSeries } from './report-run.ts';
import type { RunCommandOptions } from './run-options.ts';

export interface CheckOptions extends RunCommandOptions {
  readonly known?: string;
  readonly standard?: Standard;
  readonly base?: string;
  readonly series?: string;
  readonly watch?: true;
  readonly bisectRun?: true;
  readonly invariant?: InvariantId;
}

/** A check that is planned. */
interface Check {
  readonly options: CheckOptions;
  readonly plan: CheckPlan;
  readonly context: CommandContext;
}

/** Checks kernels, or the tree around the current folder, reports, and sets the exit status. */
export async function runCheck(
  named: readonly string[],
  options: CheckOptions,
  context: CommandContext,
): Promise<void> {
  const check = { options, plan: await planOf(named, options, context), context };
  const kernels = named.length > 0 ? named : [requireTreeAround(process.cwd())];
  if (options.series !== undefined) {
    return checkSteps(requireOne(kernels), options.series, check);
  }
  const report = reportRun(options, context);
  const once = async (): Promise<void> => {
    const run = await checkAsTheyStand(kernels, check);
    await reportIntoFolder(run);
    await report(run);
    context.exit(statusOf(run, options));
  };
  return options.watch ? watchKernel(requireOne(kernels), once, check.plan.sources) : once();
}

async function planOf(
  named: readonly string[],
  options: CheckOptions,
  context: CommandContext,
): Promise<CheckPlan> {
  const known = options.known === undefined ? [] : await readKnownDefects(options.known);
  const standard = STANDARDS[options.standard ?? (named.length === 0 ? 'full' : 'quick')];
  const axes = { ...standard, ...givenAxes({ ...options }), kernel: [] };
  return {
    axes: await withCorpus(axes, context.log),
    shard: options.shard,
    known,
    settings: options,
    context,
    sources: packageContext(options, context),
  };
}

/** Checks kernels as they are now. */
async function checkAsTheyStand(
  kernels: readonly string[],
  { options, plan }: Check,
): Promise<ComparedRun> {
  const refs = await Promise.all(kernels.map((kernel) => asItStands(kernel, plan.sources)));
  if (options.base === undefined) return checkKernels(refs, plan);
  const ref = requireOne(refs);
  return checkAgainst(await requireBase(options.base, ref, plan.sources), ref, plan);
}

function statusOf({ cells, comparison }: ComparedRun, { invariant }: CheckOptions): 0 | 1 | 69 {
  if (comparison) return comparisonStatus(comparison);
  return invariant === undefined ? exitCode(summary(cells)) : invariantExitCode(cells, invariant);
}

async function checkSteps(
  kernel: string,
  patches: string,
  { options, plan, context }: Check,
): Promise<void> {
  const series = await checkSeries(patches, await asItStands(kernel, plan.sources), plan);
  // A step with the same image as the one before shares its cells.
  const runs = new Map(series.steps.map(({ run }) => [run?.folder, run] as const).toReversed());
  for (const run of runs.values()) if (run) await reportIntoFolder(run);
  await reportSeries(series, options, context);
  context.exit(seriesStatus(series));
}

/** A comparison, a series or a watch is of one kernel. */
function requireOne(kernels: readonly string[]): string {
  const [kernel, ...more] = kernels;
  if (kernel !== undefined && more.length === 0) return kernel;
  throw new UsageError(
    `Cannot compare or watch ${kernels.length} kernels: expected one; run sub1m once for each`,
  );
}
