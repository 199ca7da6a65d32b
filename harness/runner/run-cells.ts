// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellHost } from '../cell/cell-host.ts';
import { EMULATOR_FAULT } from '../check/observe/emulator-fault.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import { type KnownDefect, matchKnownDefects } from '../matrix/known-defects.ts';
import { type JudgedCell, type RunResult, summary } from '../matrix/judged-cell.ts';
import type { Layout } from '../layout/layout.ts';
import { runMatrix } from '../matrix/run-matrix.ts';
import { takeShard } from '../matrix/shard.ts';
import { sweepTempDirs } from '../process/temp-dir.ts';
import { showProgress } from '../report/progress/progress.ts';
import { loadReporters } from '../report/reporters.ts';
import type { CommandContext } from '../cli/command-context.ts';
import { exitCode } from '../cli/exit-code.ts';
import { requireHost } from './host.ts';
import { requireLayouts } from './layouts.ts';
import { runAndJudge } from './run-and-judge.ts';
import { withRecipePolicy } from './recipe-policy.ts';
import { type Kernels, requireKernels } from './kernels.ts';
import { reportIntoFolder, reportRun } from '../cli/report-run.ts';
import { claimResultsFolder } from './results-folder.ts';
import type { RunOptions } from '../cli/run-options.ts';

/** What a run is to do. */
export interface RunPlan {
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
  const report = reportRun(options, context);
  const run = await runPlan(plan, options, context);
  await reportIntoFolder(run);
  await report(run);
  context.exit(exitCode(summary(run.cells)));
}

/** Runs cells and judges them; their bundles are in a results folder of their own. */
export async function runPlan(
  plan: RunPlan,
  options: RunOptions,
  context: CommandContext,
): Promise<RunResult> {
  const startedAt = performance.now();
  const shard = options.shard === undefined ? plan.cells : takeShard(plan.cells, options.shard);
  const cells = repeated(shard, options.repeat);
  const host = await requireHost(context, options);
  const layouts = await requireLayouts(cells);
  await requireFirmwares(cells, host);
  await using kernels = await requireKernels(cells, options, context);
  await sweepTempDirs();
  const results = await claimResultsFolder(options.results);
  const judged = await runAll(cells, {
    jobs: options.jobs,
    host,
    kernels,
    layouts,
    known: plan.known,
    folder: results.path,
    context,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    id: results.run,
    folder: results.path,
    startedAt: new Date(Date.now() - seconds * 1000).toISOString(),
    seconds,
    cells: judged,
  };
}

interface AllOptions {
  readonly jobs: number;
  readonly host: CellHost;
  readonly kernels: Kernels;
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
  // Cells whose kernel is still being built come last: the others run meanwhile.
  const inOrder = cells.toSorted((one, other) => kernels.waitFor(one) - kernels.waitFor(other));
  try {
    await using progress = await showProgress(names, process.stderr);
    const results = await runMatrix(inOrder, {
      jobs,
      signal,
      onEvent: (event) => {
        progress.onEvent(event);
        // While the console is silent: a kernel waits 10 ms for who reads it (`wait_for_xmitr()`), and goes on without.
        if (event.kind === 'phase' && event.phase === 'firmware') void loadReporters();
      },
      run: async ({ id, spec: asked, fault = null }, onPhase) => {
        onPhase('kernel');
        const kernel = await kernels.get(asked.kernel);
        const spec = withRecipePolicy(asked, kernel);
        const layout = layouts.get(spec.layout) ?? null;
        const defects = matchKnownDefects(known, spec, kernel.release);
        const bundle = join(folder, id);
        const job = {
          id,
          spec,
          kernel,
          layout,
          known: defects,
          fault,
          folder: bundle,
          signal,
          onPhase,
        };
        const judged = await runAndJudge(job, host);
        const { verdict } = judged.judgement;
        if (verdict.kind !== 'unjudged' || verdict.code !== EMULATOR_FAULT) return judged;
        context.log.info(`${id}: ${verdict.why}`);
        await rm(bundle, { recursive: true });
        return runAndJudge(job, host);
      },
    });
    const place = ({ record }: JudgedCell): number => names.indexOf(record.id);
    return results.toSorted((one, other) => place(one) - place(other));
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

function repeated(cells: readonly PlannedCell[], times: number): PlannedCell[] {
  return Array.from({ length: times }, (_, round) =>
    cells.map((cell) => (round === 0 ? cell : { ...cell, id: `${cell.id}.repeat-${round + 1}` })),
  ).flat();
}
