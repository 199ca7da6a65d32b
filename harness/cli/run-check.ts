// SPDX-License-Identifier: MIT
import type { InvariantId } from '../check/invariants/invariants.ts';
import { type End, endOfCode, firstEnd } from '../ends.ts';
import { UsageError, codeOf, wordsOf } from '../errors.ts';
import { type ComparedRun, comparisonEnd } from '../matrix/compare-cells.ts';
import { readKnownDefects } from '../matrix/known-defects.ts';
import { invariantEnd, runEnd } from '../matrix/run-end.ts';
import { seriesEnd } from '../matrix/series.ts';
import { type CheckPlan, checkAgainst, checkKernels } from '../runner/check-kernels.ts';
import { checkSeries } from '../runner/check-series.ts';
import { asItStands, requireBase, requireTreeAround } from '../runner/checked-kernel.ts';
import { withCorpus } from '../runner/layouts.ts';
import { packageContext } from '../runner/package-context.ts';
import { STANDARDS, type Standard } from '../runner/standard-cells.ts';
import { watchKernel } from '../runner/watch-kernel.ts';
import { givenAxes } from './cell-options.ts';
import type { CommandContext } from './command-context.ts';
import { reportRun, reportSeries } from './report-run.ts';
import { type QueueOptions, openQueue, queueSettings } from './queue-options.ts';
import { type RunCommandOptions, runSettings } from './run-options.ts';

export interface CheckOptions extends RunCommandOptions, QueueOptions {
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
  await using queue = await openQueue(options, 'check', context);
  const planned = await planOf(named, options, context);
  const plan = { ...planned, settings: { ...planned.settings, ...queueSettings(queue) } };
  const check = { options, plan, context };
  const kernels = named.length > 0 ? named : [requireTreeAround(process.cwd())];
  if (options.series !== undefined) {
    return await checkSteps(requireOne(kernels), options.series, check);
  }
  const report = reportRun(options, context, { keep: true });
  const once = async (): Promise<void> => {
    const run = await checkAsTheyStand(kernels, check);
    context.exit(endOf(run, options));
    await report(run);
  };
  await (options.watch ? watchKernel(requireOne(kernels), once, plan.sources) : once());
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
    settings: runSettings(options),
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

function endOf({ cells, comparison }: ComparedRun, { invariant }: CheckOptions): End {
  if (comparison) return comparisonEnd(comparison);
  return invariant === undefined ? runEnd(cells) : invariantEnd(cells, invariant);
}

async function checkSteps(
  kernel: string,
  patches: string,
  { options, plan, context }: Check,
): Promise<void> {
  const report = reportSeries(options, context);
  const series = await checkSeries(patches, await asItStands(kernel, plan.sources), plan);
  await report(series);
  const { cutShort } = series;
  const end = seriesEnd(series);
  const ends = firstEnd([end, ...(cutShort === null ? [] : [endOfCode(codeOf(cutShort))])]);
  // The first bad patch is known, whatever kept the rest from being checked.
  if (cutShort !== null && ends !== 'broken') throw cutShort;
  if (cutShort !== null) context.log.warn(wordsOf(cutShort));
  context.exit(ends);
}

/** A comparison, a series or a watch is of one kernel. */
function requireOne(kernels: readonly string[]): string {
  const [kernel, ...more] = kernels;
  if (kernel !== undefined && more.length === 0) return kernel;
  throw new UsageError(
    `Cannot compare or watch ${kernels.length} kernels: expected one; run sub1m once for each`,
  );
}
