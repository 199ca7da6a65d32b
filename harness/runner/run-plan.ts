// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { STANDARD_CELL } from '../bundle/cell-record.ts';
import { VMCORES_KEPT, type VmcoresKept } from '../bundle/removed-vmcore.ts';
import type { CellHost } from '../cell/cell-host.ts';
import { findStarvation } from '../check/observe/starved-host.ts';
import { unjudgedRow } from '../check/observe/unjudged-codes.ts';
import { Sub1mError } from '../errors.ts';
import type { Layout } from '../layout/layout.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import { type KnownDefect, matchKnownDefects } from '../matrix/known-defects.ts';
import { type Whole, plannedRun, repeatId } from '../matrix/planned-run.ts';
import { runMatrix } from '../matrix/run-matrix.ts';
import { hostHasRoom } from '../process/host-load.ts';
import { requireHistory } from '../history/append-history.ts';
import { sweepTempDirs } from '../process/temp-dir.ts';
import { autoJobs } from './auto-jobs.ts';
import { codeVersion } from './code-version.ts';
import { requireHost } from './host.ts';
import { type Kernels, requireKernels } from './kernels.ts';
import { requireLayouts } from './layouts.ts';
import { type RepeatedCell, noteHistory } from './note-history.ts';
import { withRecipePolicy } from './recipe-policy.ts';
import { claimResultsFolder, writePlan } from './results-folder.ts';
import { runAndJudge } from './run-and-judge.ts';
import type { RunnerContext } from './runner-context.ts';
import { KEEP_ALL, type VmcoreKeeping } from './keep-vmcore.ts';
import { SharedVmcores } from './shared-vmcores.ts';
import { untoldCell } from './untold-cell.ts';

/** What a run is to do. */
export interface RunPlan {
  readonly cells: readonly PlannedCell[];
  /** The known defects of all kernels and cells. */
  readonly known: readonly KnownDefect[];
  /** What the cells are taken from; they are all unless given. */
  readonly whole?: Whole | undefined;
}

/** How cells are run. */
export interface RunSettings {
  /** How many machines run at a time, `auto` being what the host has room for; 1 unless given. */
  readonly jobs?: number | 'auto';
  /** Whether to end where KVM does not work. */
  readonly requireKvm?: true;
  /** How often each cell is run; once unless given. */
  readonly repeat?: number;
  /** A factor on the time limit of every phase: more than 1 for a slow host. */
  readonly budget: number;
  /** Whose vmcores to keep, those of all cells unless given; `memory`: all memory of a machine whose kernel died, too. */
  readonly keep?: readonly (VmcoresKept | 'memory')[];
  /** Whether what vmcores of a kernel image share is stored once. */
  readonly shareVmcores?: true;
  /** The mirror of Debian packages; goes before the environment's. */
  readonly mirror?: string | undefined;
  /** The folder of the bundles; a new one under `results/` unless given. */
  readonly results?: string;
  /** The file of history that the run is noted in; none unless given. */
  readonly history?: string | undefined;
}

/**
 * Runs cells and judges them. Every run has a results folder of its own. A cell that cannot be run, or that is not run
 * any more after an interrupt, is unjudged; throws only if no cell came to its end.
 */
export async function runPlan(
  { cells: planned, known, whole }: RunPlan,
  settings: RunSettings,
  context: RunnerContext,
): Promise<RunResult> {
  const startedAt = performance.now();
  const { jobs = 1, repeat = 1 } = settings;
  const cells = repeated(planned, repeat);
  if (settings.history !== undefined) await requireHistory(settings.history);
  const host = await requireHost(context, settings);
  // Asked for KVM, a host without it is refused.
  if (settings.requireKvm) await host.accelerator({ accel: 'kvm', ovmf: STANDARD_CELL.ovmf });
  const layouts = await requireLayouts(cells);
  await requireFirmwares(cells, host);
  await using kernels = await requireKernels(cells, settings, context);
  await sweepTempDirs();
  const { path: folder, run: id } = await claimResultsFolder(settings.results);
  const at = new Date().toISOString();
  const told = { run: id, at, sub1m: codeVersion(), cells: planned, known, repeat, whole };
  await writePlan(folder, plannedRun(told));
  const machines = jobs === 'auto' ? autoJobs(cells.map(({ spec }) => spec)) : jobs;
  const keeping = keepingOf(settings, folder);
  const parts = { jobs: machines, host, kernels, layouts, known, folder, keeping, context };
  const judged = await runAll(cells, parts);
  const seconds = (performance.now() - startedAt) / 1000;
  const run: RunResult = {
    id,
    folder,
    startedAt: new Date(Date.now() - seconds * 1000).toISOString(),
    seconds,
    cells: judged,
  };
  const { history } = settings;
  if (history === undefined) return run;
  return { ...run, historyFile: history, historyError: await noteHistory(history, run, cells) };
}

function keepingOf({ keep, shareVmcores }: RunSettings, folder: string): VmcoreKeeping {
  const which = VMCORES_KEPT.find((one) => keep?.includes(one)) ?? 'all';
  if (which === 'all' && !shareVmcores) return KEEP_ALL;
  return { keep: which, shared: shareVmcores ? new SharedVmcores(folder) : null };
}

/** What the cells of one run share. */
interface RunParts {
  readonly jobs: number;
  readonly host: CellHost;
  readonly kernels: Kernels;
  readonly layouts: ReadonlyMap<string, Layout | null>;
  readonly known: readonly KnownDefect[];
  readonly folder: string;
  readonly keeping: VmcoreKeeping;
  readonly context: RunnerContext;
}

async function runAll(cells: readonly PlannedCell[], parts: RunParts): Promise<JudgedCell[]> {
  const { jobs, kernels, folder, context } = parts;
  const { signal, showRun } = context;
  // Cells whose kernel is still being built come last: the others run meanwhile.
  const inOrder = cells.toSorted((one, other) => kernels.waitFor(one) - kernels.waitFor(other));
  try {
    await using display = await showRun?.(cells);
    const results = await runMatrix(inOrder, {
      jobs,
      signal,
      onEvent: (event) => display?.onEvent(event),
      run: (cell, onPhase) => runOne(cell, parts, onPhase),
      untold: (cell, error) => untoldCell(cell, join(folder, cell.id), error),
    });
    const names = cells.map(({ id }) => id);
    const place = ({ record }: JudgedCell): number => names.indexOf(record.id);
    return results.toSorted((one, other) => place(one) - place(other));
  } catch (error) {
    await removeUnlessUseful(folder, context);
    throw error;
  }
}

/** Runs a cell, and once more if its emulator or what the host gave it was at fault. */
async function runOne(
  { id, spec: asked, fault }: PlannedCell,
  { host, kernels, layouts, known, folder: results, keeping, context }: RunParts,
  onPhase: (phase: string) => void,
): Promise<JudgedCell> {
  onPhase('kernel');
  const kernel = await kernels.get(asked.kernel);
  const spec = withRecipePolicy(asked, kernel);
  const layout = layouts.get(spec.layout) ?? null;
  const defects = matchKnownDefects(known, spec, kernel.release);
  const folder = join(results, id);
  const { signal, log } = context;
  const job = {
    id,
    spec,
    kernel,
    layout,
    known: defects,
    fault: fault ?? null,
    folder,
    signal,
    onPhase,
  };
  const judged = await runAndJudge(job, host, keeping);
  const { verdict } = judged.judgement;
  const starvation = findStarvation(judged.record);
  const isOver = verdict.kind !== 'unjudged';
  if (isOver || !(unjudgedRow(verdict.code).isRunAgain || starvation !== null)) return judged;
  const { code } = verdict;
  const [why = ''] = verdict.why.split('\n');
  log.info(`${id}: ${why}`);
  if (starvation !== null) {
    onPhase('waiting for the host');
    await hostHasRoom(signal);
  }
  const again = await kernels.again(asked.kernel).catch((error: unknown) => {
    if (!(error instanceof Sub1mError) || signal.aborted) throw error;
    log.warn(`${id} is not run again: ${error.message}`);
  });
  if (!again) return judged;
  await rm(folder, { recursive: true });
  return runAndJudge({ ...job, kernel: again, attempts: [{ code, why }] }, host, keeping);
}

/** Removes the folder of a run that was cut short, unless it has bundles of cells that ended. */
async function removeUnlessUseful(folder: string, { log }: RunnerContext): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (entries.some((entry) => entry.isDirectory())) {
    log.info(`The cells that ended are in ${folder}; "sub1m judge ${folder}" reports them`);
  } else {
    await rm(folder, { recursive: true });
  }
}

/** Gets every firmware before the first machine starts. */
async function requireFirmwares(cells: readonly PlannedCell[], host: CellHost): Promise<void> {
  for (const ovmf of new Set(cells.map(({ spec }) => spec.ovmf))) await host.ovmf(ovmf);
}

function repeated(planned: readonly PlannedCell[], times: number): RepeatedCell[] {
  return Array.from({ length: times }, (_, round) =>
    planned.map((cell) => {
      const repeat = round + 1;
      return { ...cell, id: repeatId(cell.id, repeat), planned: cell.id, repeat };
    }),
  ).flat();
}
