// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellHost } from '../cell/cell-host.ts';
import { runCell } from '../cell/run-cell.ts';
import { EMULATOR_FAULT } from '../check/emulator-fault.ts';
import { type Kernel, requireKernel } from '../kernel/require-kernel.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import { type KnownDefect, matchKnownDefects } from '../matrix/known-defects.ts';
import { type JudgedCell, type RunResult, summary } from '../matrix/judged-cell.ts';
import type { Layout } from '../memory/layout.ts';
import { runMatrix } from '../matrix/run-matrix.ts';
import { takeShard } from '../matrix/shard.ts';
import { sweepTempDirs } from '../process/temp-dir.ts';
import { showProgress } from '../report/progress.ts';
import type { CommandContext } from './command-context.ts';
import { exitCode } from './exit-code.ts';
import { requireHost } from './host.ts';
import { requireLayouts } from './layouts.ts';
import { judgeFolder } from './judge-folder.ts';
import { withRecipePolicies } from './recipe-policy.ts';
import { reportIntoFolder, reportRun } from './report-run.ts';
import { claimResultsFolder } from './results-folder.ts';
import type { RunOptions } from './run-options.ts';

/** What a run is to do. */
interface RunPlan {
  readonly cells: readonly PlannedCell[];
  /** The known defects of all kernels and cells. */
  readonly known: readonly KnownDefect[];
}

/** Runs cells, judges them, reports them, and sets the command's exit status. */
export async function runCells(
  plan: RunPlan,
  options: RunOptions,
  context: CommandContext,
): Promise<void> {
  const startedAt = performance.now();
  const shard = options.shard === undefined ? plan.cells : takeShard(plan.cells, options.shard);
  const cells = repeated(shard, options.repeat);
  const report = reportRun(options, context);
  const host = await requireHost(context, options);
  const layouts = await requireLayouts(cells);
  await requireFirmwares(cells, host);
  const kernels = await requireKernels(cells, options, context);
  const held = withRecipePolicies(cells, kernels);
  await sweepTempDirs();
  const results = await claimResultsFolder(options.results);
  const judged = await runAll(held, {
    jobs: options.jobs,
    host,
    kernels,
    layouts,
    known: plan.known,
    folder: results.path,
    context,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  const run: RunResult = {
    id: results.run,
    folder: results.path,
    startedAt: new Date(Date.now() - seconds * 1000).toISOString(),
    seconds,
    cells: judged,
  };
  await reportIntoFolder(run);
  await report(run);
  context.exit(exitCode(summary(judged)));
}

interface AllOptions {
  readonly jobs: number;
  readonly host: CellHost;
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly layouts: ReadonlyMap<string, Layout | null>;
  readonly known: readonly KnownDefect[];
  readonly folder: string;
  readonly context: CommandContext;
}

async function runAll(
  cells: readonly PlannedCell[],
  { jobs, host, kernels, layouts, known, folder, context }: AllOptions,
): Promise<JudgedCell[]> {
  const { signal } = context;
  const names = cells.map(({ id }) => id);
  try {
    await using progress = showProgress(names, process.stderr);
    return await runMatrix(cells, {
      jobs,
      signal,
      onEvent: progress.onEvent,
      run: async ({ id, spec }, onPhase) => {
        const kernel = kernels.get(spec.kernel);
        if (!kernel) throw new Error(`No kernel for ${spec.kernel}`);
        const layout = layouts.get(spec.layout) ?? null;
        const defects = matchKnownDefects(known, spec, kernel.release);
        const bundle = join(folder, id);
        const job = { id, spec, kernel, layout, known: defects, folder: bundle, signal, onPhase };
        await runCell(job, host);
        const judged = await judgeFolder(bundle);
        const { verdict } = judged.judgement;
        if (verdict.kind !== 'unjudged' || verdict.code !== EMULATOR_FAULT) return judged;
        context.log.info(`${id}: ${verdict.why}`);
        await rm(bundle, { recursive: true });
        await runCell(job, host);
        return judgeFolder(bundle);
      },
    });
  } catch (error) {
    await removeUnlessUseful(folder, context);
    throw error;
  }
}

/** A run that was cut short keeps the bundles of cells that had ended; a folder without any goes. */
async function removeUnlessUseful(folder: string, { log }: CommandContext): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some((entry) => entry.isDirectory())) {
    log.info(`The cells that had ended are in ${folder}; "sub1m judge ${folder}" reports them`);
  } else {
    await rm(folder, { recursive: true });
  }
}

/** Every firmware is there before the first machine starts, like every kernel. */
async function requireFirmwares(cells: readonly PlannedCell[], host: CellHost): Promise<void> {
  for (const wanted of new Set(cells.map(({ spec }) => spec.ovmf))) await host.ovmf(wanted);
}

/** Every kernel is there before the first machine starts: a wrong reference costs no run. */
async function requireKernels(
  cells: readonly PlannedCell[],
  { mirror }: RunOptions,
  { environment, signal, log }: CommandContext,
): Promise<Map<string, Kernel>> {
  const { cacheDir } = environment;
  const kernels = new Map<string, Kernel>();
  for (const ref of new Set(cells.map(({ spec }) => spec.kernel))) {
    const context = { cacheDir, mirror: mirror ?? environment.mirror, signal, log };
    kernels.set(ref, await requireKernel(ref, context));
  }
  return kernels;
}

function repeated(cells: readonly PlannedCell[], times: number): PlannedCell[] {
  return Array.from({ length: times }, (_, round) =>
    cells.map((cell) => (round === 0 ? cell : { ...cell, id: `${cell.id}.repeat-${round + 1}` })),
  ).flat();
}
