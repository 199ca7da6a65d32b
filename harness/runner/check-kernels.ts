// SPDX-License-Identifier: MIT
import { requireKernel } from '../kernel/require-kernel.ts';
import { type ComparedRun, compareRuns } from '../matrix/compare-cells.ts';
import type { Axes, PlannedCell } from '../matrix/expand.ts';
import type { RunResult } from '../matrix/judged-cell.ts';
import type { KnownDefect } from '../matrix/known-defects.ts';
import { takeShard } from '../matrix/shard.ts';
import type { PackageContext } from '../package/package-lists.ts';
import type { BaseKernel } from './checked-kernel.ts';
import { type RunPlan, type RunSettings, runPlan } from './run-plan.ts';
import type { RunnerContext } from './runner-context.ts';
import { besideBase, standardCells } from './standard-cells.ts';

/** How any kernel is checked. */
export interface CheckPlan {
  /** The axes of the cells; the kernel comes with each check. */
  readonly axes: Omit<Axes, 'kernel'>;
  /** Which part of each kernel's cells is run, `i/n`; all of them unless given. */
  readonly shard?: string | undefined;
  readonly known: readonly KnownDefect[];
  readonly settings: RunSettings;
  readonly context: RunnerContext;
  /** Where kernels come from. */
  readonly sources: PackageContext;
}

/** Runs the cells of kernels. */
export function checkKernels(kernel: readonly string[], plan: CheckPlan): Promise<RunResult> {
  const { axes, settings, context } = plan;
  return runPlan(planOf(standardCells({ ...axes, kernel }), plan), settings, context);
}

/** The plan of a part of these cells, pairs of them not torn apart. */
function planOf(
  planned: readonly PlannedCell[],
  { shard, known }: Pick<CheckPlan, 'shard' | 'known'>,
  beside: (cells: readonly PlannedCell[]) => PlannedCell[] = (cells) => [...cells],
): RunPlan {
  const cells = beside(shard === undefined ? planned : takeShard(planned, shard));
  const all = beside(planned);
  const whole = { name: 'check', cells: all, planned: all, shard: shard ?? null, limit: null };
  return { cells, known, whole };
}

/**
 * Runs the cells of a kernel and the same cells of its base, side by side, and compares them. A base with the same
 * image is not run: it would show the same.
 */
export async function checkAgainst(
  base: BaseKernel,
  kernel: string,
  plan: CheckPlan,
): Promise<ComparedRun> {
  const { axes, settings, context, sources } = plan;
  const one = await requireKernel(kernel, sources);
  const other = await requireKernel(base.ref, sources);
  const named = { base: base.name, ref: base.ref };
  if (one.imageSha256 === other.imageSha256) {
    const run = await checkKernels([kernel], plan);
    return { ...run, comparison: { ...named, sameImage: true, cells: [], times: [] } };
  }
  const cells = standardCells({ ...axes, kernel: [kernel] });
  const beside = planOf(cells, plan, (some) => besideBase(some, base.ref));
  const run = await runPlan(beside, settings, context);
  const of = (ref: string) => run.cells.filter(({ record }) => record.spec.kernel === ref);
  const compared = compareRuns(of(base.ref), of(kernel));
  return { ...run, cells: of(kernel), comparison: { ...named, sameImage: false, ...compared } };
}
