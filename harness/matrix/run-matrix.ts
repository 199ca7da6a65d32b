// SPDX-License-Identifier: MIT
import { InterruptedError } from '../errors.ts';
import type { Admission } from './admission.ts';
import type { PlannedCell } from './expand.ts';
import type { JudgedCell } from './judged-cell.ts';

/** What happens to the cells of a run, as it happens; `cell` is an id. */
export type MatrixEvent =
  | { readonly kind: 'start'; readonly cell: string }
  | { readonly kind: 'phase'; readonly cell: string; readonly phase: string }
  /** `judged` is undefined when the cell was interrupted or an error of ours ended it. */
  | { readonly kind: 'end'; readonly cell: string; readonly judged: JudgedCell | undefined };

/** What a scheduler is told of a run. */
export interface ScheduleOptions {
  /** Ends the run: no cell is started any more. Those that run must see the same signal. */
  readonly signal: AbortSignal;
  /** What becomes of a cell that nobody could run, or that is not run any more. */
  readonly untold: (cell: PlannedCell, error: unknown) => JudgedCell;
  readonly onEvent: (event: MatrixEvent) => void;
}

/**
 * Where the cells of a run are run: in this process (`runMatrix`), or by workers of a queue. Started in order, and what
 * came of them is given in the same order (`settleCells`).
 */
export type Scheduler = (
  cells: readonly PlannedCell[],
  options: ScheduleOptions,
) => Promise<JudgedCell[]>;

/** How cells are run in this process. */
interface RunMatrixOptions extends ScheduleOptions {
  /** Which may run at once. */
  readonly admission: Admission;
  /** Runs one cell and judges it; says through `onPhase` what it is about. */
  readonly run: (cell: PlannedCell, onPhase: (phase: string) => void) => Promise<JudgedCell>;
}

/** How a cell ended; undefined for one that was not run to its end. */
export type CellEnd = PromiseSettledResult<JudgedCell> | undefined;

/** Runs cells in this process; see `settleCells`. */
export async function runMatrix(
  cells: readonly PlannedCell[],
  options: RunMatrixOptions,
): Promise<JudgedCell[]> {
  const { admission, signal } = options;
  const ends: CellEnd[] = cells.map(() => undefined);
  const running: Promise<void>[] = [];
  for (const [index, cell] of cells.entries()) {
    const leave = await admission.enter(cell.spec, signal);
    if (leave === null) break;
    const runOne = async (): Promise<void> => {
      [ends[index]] = await Promise.allSettled([runCell(cell, options)]);
      leave();
    };
    running.push(runOne());
  }
  await Promise.all(running);
  return settleCells(cells, ends, options);
}

/**
 * What came of cells, in order. One that failed stops no other, nor does an abort undo those that have ended: `untold`
 * says what becomes of it, and of those that are not run any more. If that is all there is, the first error is thrown;
 * after an abort `InterruptedError`.
 */
export function settleCells(
  cells: readonly PlannedCell[],
  ends: readonly CellEnd[],
  { signal, untold }: Pick<ScheduleOptions, 'signal' | 'untold'>,
): JudgedCell[] {
  const ended = ends.filter((end) => end?.status === 'fulfilled').length;
  const interrupted = new InterruptedError(`Interrupted after ${ended} of ${cells.length} cells`, {
    cause: signal.reason,
  });
  const errorOf = (end: CellEnd): unknown =>
    // After an abort every wait ends, each in its own words.
    signal.aborted || end?.status !== 'rejected' ? interrupted : end.reason;
  if (ended === 0 && cells.length > 0) {
    throw errorOf(ends.find((end) => end?.status === 'rejected'));
  }
  return cells.map((cell, index) => {
    const end = ends[index];
    return end?.status === 'fulfilled' ? end.value : untold(cell, errorOf(end));
  });
}

async function runCell(cell: PlannedCell, { run, onEvent }: RunMatrixOptions): Promise<JudgedCell> {
  const { id } = cell;
  let judged: JudgedCell | undefined;
  onEvent({ kind: 'start', cell: id });
  try {
    judged = await run(cell, (phase) => {
      onEvent({ kind: 'phase', cell: id, phase });
    });
    return judged;
  } finally {
    onEvent({ kind: 'end', cell: id, judged });
  }
}
