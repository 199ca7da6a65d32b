// SPDX-License-Identifier: MIT
import { requireKernel } from '../kernel/require-kernel.ts';
import { type ComparedRun, compareRuns } from '../matrix/compare-cells.ts';
import type { Axes } from '../matrix/expand.ts';
import type { KnownDefect } from '../matrix/known-defects.ts';
import type { RunResult } from '../matrix/judged-cell.ts';
import type { PackageContext } from '../package/package-lists.ts';
import type { BaseKernel } from './checked-kernel.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { runPlan } from './run-cells.ts';
import type { RunOptions } from '../cli/run-options.ts';
import { besideBase, standardCells } from './standard-cells.ts';

/** How kernels are checked, whichever they are. */
export interface CheckPlan {
  /** The axes of the cells; the kernel comes with each check. */
  readonly axes: Omit<Axes, 'kernel'>;
  readonly known: readonly KnownDefect[];
  readonly options: RunOptions;
  readonly context: CommandContext;
  /** What getting kernels takes. */
  readonly sources: PackageContext;
}

/** Runs the cells of kernels. */
export function checkKernels(kernel: readonly string[], plan: CheckPlan): Promise<RunResult> {
  const { axes, known, options, context } = plan;
  const { shard, ...rest } = options;
  return runPlan({ cells: standardCells({ ...axes, kernel }, shard), known }, rest, context);
}

/**
 * Runs the cells of a kernel and the same of its base, side by side, and compares them. Of a base with the same image
 * nothing is run: it would show the same.
 */
export async function checkAgainst(
  base: BaseKernel,
  kernel: string,
  plan: CheckPlan,
): Promise<ComparedRun> {
  const { axes, known, options, context, sources } = plan;
  const one = await requireKernel(kernel, sources);
  const other = await requireKernel(base.ref, sources);
  const named = { base: base.name, ref: base.ref };
  if (one.imageSha256 === other.imageSha256) {
    const run = await checkKernels([kernel], plan);
    return { ...run, comparison: { ...named, sameImage: true, cells: [], times: [] } };
  }
  const { shard, ...rest } = options;
  const cells = besideBase(standardCells({ ...axes, kernel: [kernel] }, shard), base.ref);
  const run = await runPlan({ cells, known }, rest, context);
  const of = (ref: string) => run.cells.filter(({ record }) => record.spec.kernel === ref);
  const compared = compareRuns(of(base.ref), of(kernel));
  return { ...run, cells: of(kernel), comparison: { ...named, sameImage: false, ...compared } };
}
