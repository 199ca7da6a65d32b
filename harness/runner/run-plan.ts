// SPDX-License-Identifier: MIT
import { STANDARD_CELL } from '../bundle/cell-record.ts';
import { VMCORES_KEPT, type VmcoresKept } from '../bundle/removed-vmcore.ts';
import type { CellHost } from '../cell/cell-host.ts';
import { requireHistory } from '../history/append-history.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { JudgedCell, RunResult } from '../matrix/judged-cell.ts';
import type { KnownDefect } from '../matrix/known-defects.ts';
import { type Whole, plannedRun, repeatId } from '../matrix/planned-run.ts';
import type { Scheduler } from '../matrix/run-matrix.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import { sweepTempDirs } from '../process/temp-dir.ts';
import { codeVersion } from './code-version.ts';
import { requireHost } from './host.ts';
import { Journal, type JournalSettings } from './journal.ts';
import { KEEP_ALL, type VmcoreKeeping } from './keep-vmcore.ts';
import { type Kernels, requireKernels } from './kernels.ts';
import { requireLayouts } from './layouts.ts';
import { type RepeatedCell, noteHistory } from './note-history.ts';
import { claimResultsFolder, lockResults, writePlan } from './results-folder.ts';
import { type RunParts, inOrderOf, runCells } from './run-cells.ts';
import type { RunnerContext } from './runner-context.ts';
import { SharedVmcores } from './shared-vmcores.ts';

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
  /** How many machines run at a time in this process, `auto` being what the host has room for; 1 unless given. */
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
  /** Where the cells are run; in this process unless given. */
  readonly scheduler?: (parts: RunParts) => Scheduler;
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
  const startedAt = new Date().toISOString();
  const { repeat = 1 } = settings;
  const cells = repeated(planned, repeat);
  await using shared = await requireShared(cells, settings, context);
  const { path: folder, run: id } = await claimResultsFolder(settings.results);
  await using held = new CleanupStack();
  held.use(await lockResults(folder, context.signal));
  const told = {
    run: id,
    at: startedAt,
    sub1m: codeVersion(),
    cells: planned,
    known,
    repeat,
    whole,
  };
  await writePlan(folder, plannedRun(told));
  const head = { startedAt, settings: journalSettings(settings), known, cells: planned };
  await using journal = await Journal.begin(folder, head, context.log);
  const run = { id, folder, startedAt, secondsBefore: 0, cells, ended: [], known };
  return await executeRun(run, { settings, shared, journal, context });
}

/** Settings as a journal keeps them. */
function journalSettings(settings: RunSettings): JournalSettings {
  const { jobs, requireKvm, repeat, budget, keep, shareVmcores, mirror, history } = settings;
  const given = { jobs, requireKvm, repeat, budget, keep, shareVmcores, mirror, history };
  const kept = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as JournalSettings;
}

/** What the cells of a run share, found before its folder is made: what cannot be had is refused before. */
export interface SharedParts extends AsyncDisposable {
  readonly host: CellHost;
  readonly kernels: Kernels;
  readonly layouts: RunParts['layouts'];
}

/** Finds what cells share. Throws as `requireHost`, `requireKernels` and `requireLayouts` do. */
export async function requireShared(
  cells: readonly PlannedCell[],
  settings: RunSettings,
  context: RunnerContext,
): Promise<SharedParts> {
  if (settings.history !== undefined) await requireHistory(settings.history);
  const host = await requireHost(context, settings);
  // Asked for KVM, a host without it is refused.
  if (settings.requireKvm) await host.accelerator({ accel: 'kvm', ovmf: STANDARD_CELL.ovmf });
  const layouts = await requireLayouts(cells);
  await requireFirmwares(cells, host);
  const kernels = await requireKernels(cells, settings, context);
  await sweepTempDirs();
  return { host, layouts, kernels, [Symbol.asyncDispose]: () => kernels[Symbol.asyncDispose]() };
}

/** A run that has its folder. */
export interface OpenRun extends Pick<RunResult, 'id' | 'folder' | 'startedAt'> {
  /** For which it ran before. */
  readonly secondsBefore: number;
  /** All of its cells, and those that have ended before. */
  readonly cells: readonly RepeatedCell[];
  readonly ended: readonly JudgedCell[];
  readonly known: readonly KnownDefect[];
}

/** With what a run is executed. */
interface ExecuteOptions {
  readonly settings: RunSettings;
  readonly shared: SharedParts;
  readonly journal: Journal;
  readonly context: RunnerContext;
}

/** Runs what is left of a run, and notes it in the history. Throws as `runCells` does. */
export async function executeRun(
  { cells, ended, known, secondsBefore, ...run }: OpenRun,
  { settings, shared, journal, context }: ExecuteOptions,
): Promise<RunResult> {
  const startedAt = performance.now();
  const { folder } = run;
  const { jobs = 1, history } = settings;
  const { host, kernels, layouts } = shared;
  const keeping = keepingOf(settings, folder);
  const parts = { host, kernels, layouts, known, folder, keeping, context };
  const before = new Set(ended.map(({ record }) => record.id));
  const left = cells.filter(({ id }) => !before.has(id));
  const options = { jobs, journal, scheduler: settings.scheduler?.(parts) };
  const judged = left.length === 0 ? [] : await runCells(left, parts, options);
  const seconds = secondsBefore + (performance.now() - startedAt) / 1000;
  const result = { ...run, seconds, cells: inOrderOf(cells, [...ended, ...judged]) };
  if (context.signal.aborted) {
    context.log.info(`"sub1m run --resume ${folder}" runs the cells that are left`);
  } else {
    journal.done();
  }
  if (history === undefined) return result;
  return {
    ...result,
    historyFile: history,
    historyError: await noteHistory(history, result, cells),
  };
}

/** What becomes of the vmcores of a run in that folder. */
export function keepingOf(
  { keep, shareVmcores }: Pick<RunSettings, 'keep' | 'shareVmcores'>,
  folder: string,
): VmcoreKeeping {
  const which = VMCORES_KEPT.find((one) => keep?.includes(one)) ?? 'all';
  if (which === 'all' && !shareVmcores) return KEEP_ALL;
  return { keep: which, shared: shareVmcores ? new SharedVmcores(folder) : null };
}

/** Gets every firmware before the first machine starts. */
async function requireFirmwares(cells: readonly PlannedCell[], host: CellHost): Promise<void> {
  for (const ovmf of new Set(cells.map(({ spec }) => spec.ovmf))) await host.ovmf(ovmf);
}

/** Cells, each so often. */
export function repeated(planned: readonly PlannedCell[], times: number): RepeatedCell[] {
  return Array.from({ length: times }, (_, round) =>
    planned.map((cell) => {
      const repeat = round + 1;
      return { ...cell, id: repeatId(cell.id, repeat), planned: cell.id, repeat };
    }),
  ).flat();
}
