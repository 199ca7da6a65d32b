// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CellHost } from '../cell/cell-host.ts';
import { Sub1mError } from '../errors.ts';
import type { Kernel } from '../kernel/require-kernel.ts';
import type { Layout } from '../layout/layout.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { type KnownDefect, matchKnownDefects } from '../matrix/known-defects.ts';
import { type MatrixEvent, type Scheduler, runMatrix } from '../matrix/run-matrix.ts';
import { admissionOf } from './auto-jobs.ts';
import type { Journal } from './journal.ts';
import type { VmcoreKeeping } from './keep-vmcore.ts';
import type { Kernels } from './kernels.ts';
import { withRecipePolicy } from './recipe-policy.ts';
import { runRepeatable } from './run-again.ts';
import type { RunnerContext } from './runner-context.ts';
import { untoldCell } from './untold-cell.ts';

/** What the cells of one run share. */
export interface RunParts {
  readonly host: CellHost;
  readonly kernels: Kernels;
  readonly layouts: ReadonlyMap<string, Layout | null>;
  readonly known: readonly KnownDefect[];
  /** The folder of the run, in which each bundle has a folder. */
  readonly folder: string;
  readonly keeping: VmcoreKeeping;
  readonly context: RunnerContext;
}

/** How the cells of a run are run. */
export interface CellsOptions {
  readonly jobs: number | 'auto';
  readonly journal: Journal | null;
  /** Where, if not in this process. */
  readonly scheduler?: Scheduler | undefined;
}

/** Runs cells, shows it, and gives what came of them in their order. Throws as `settleCells` does. */
export async function runCells(
  cells: readonly PlannedCell[],
  parts: RunParts,
  options: CellsOptions,
): Promise<JudgedCell[]> {
  const { kernels, folder, context } = parts;
  const { signal, showRun } = context;
  const { journal, scheduler = localScheduler(parts, options) } = options;
  // Cells whose kernel is still being built come last: the others run meanwhile.
  const inOrder = cells.toSorted((one, other) => kernels.waitFor(one) - kernels.waitFor(other));
  try {
    await using display = await showRun?.(cells);
    const onEvent = (event: MatrixEvent): void => {
      display?.onEvent(event);
      if (journal) noteEvent(journal, event);
    };
    const untold = (cell: PlannedCell, error: unknown): JudgedCell =>
      untoldCell(cell, join(folder, cell.id), error);
    const results = await scheduler(inOrder, { signal, onEvent, untold });
    return inOrderOf(cells, results);
  } catch (error) {
    await removeUnlessUseful(folder, { hasJournal: journal !== null, context });
    throw error;
  }
}

/** Cells that were run, in the order in which they were asked for. */
export function inOrderOf(
  cells: readonly PlannedCell[],
  results: readonly JudgedCell[],
): JudgedCell[] {
  const places = new Map(cells.map(({ id }, nr) => [id, nr]));
  const place = ({ record }: JudgedCell): number => places.get(record.id) ?? Infinity;
  return results.toSorted((one, other) => place(one) - place(other));
}

function noteEvent(journal: Journal, event: MatrixEvent): void {
  if (event.kind === 'start') journal.started(event.cell);
  if (event.kind === 'end' && event.judged) journal.ended(event.cell, event.judged.judgement);
}

/** Runs cells in this process. */
function localScheduler(parts: RunParts, { jobs }: Pick<CellsOptions, 'jobs'>): Scheduler {
  return (cells, options) =>
    runMatrix(cells, {
      ...options,
      admission: admissionOf(jobs),
      run: (cell, onPhase) => runOne(cell, parts, onPhase),
    });
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
  const { signal, log } = context;
  const again = (): Promise<Kernel | undefined> =>
    kernels.again(asked.kernel).catch((error: unknown) => {
      if (!(error instanceof Sub1mError) || signal.aborted) throw error;
      log.warn(`${id} is not run again: ${error.message}`);
      return undefined;
    });
  const job = {
    id,
    spec,
    kernel,
    layout: layouts.get(spec.layout) ?? null,
    known: matchKnownDefects(known, spec, kernel.release),
    fault: fault ?? null,
    folder: join(results, id),
    signal,
    onPhase,
    again,
  };
  return runRepeatable(job, host, keeping);
}

/** Removes the folder of a run that was cut short, unless it has bundles of cells that ended. */
async function removeUnlessUseful(
  folder: string,
  {
    hasJournal,
    context: { log },
  }: { readonly hasJournal: boolean; readonly context: RunnerContext },
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  if (!entries.some((entry) => entry.isDirectory())) {
    await rm(folder, { recursive: true });
    return;
  }
  const goOn = hasJournal ? `, "sub1m run --resume ${folder}" runs the others` : '';
  log.info(`The cells that ended are in ${folder}; "sub1m judge ${folder}" reports them${goOn}`);
}
