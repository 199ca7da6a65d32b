// SPDX-License-Identifier: MIT
import { InterruptedError } from '../errors.ts';
import type { PlannedCell } from './expand.ts';
import type { JudgedCell } from './judged-cell.ts';

/** What happens to the cells of a run, as it happens; `cell` is an id. */
export type MatrixEvent =
  | { readonly kind: 'start'; readonly cell: string }
  | { readonly kind: 'phase'; readonly cell: string; readonly phase: string }
  /** `judged` is undefined when the cell was interrupted or an error of ours ended it. */
  | { readonly kind: 'end'; readonly cell: string; readonly judged: JudgedCell | undefined };

export interface RunMatrixOptions {
  /** How many cells may run at once; at least 1. */
  readonly jobs: number;
  /** Ends the run: no cell is started any more. Those that run must see the same signal. */
  readonly signal: AbortSignal;
  /** Runs one cell and judges it; says through `onPhase` what it is about. */
  readonly run: (cell: PlannedCell, onPhase: (phase: string) => void) => Promise<JudgedCell>;
  /** What becomes of a cell whose `run` rejects, or that is not run any more. */
  readonly untold: (cell: PlannedCell, error: unknown) => JudgedCell;
  readonly onEvent: (event: MatrixEvent) => void;
}

/**
 * Runs cells, started in order, and gives what came of them in the same order. A cell whose `run` rejects stops no other,
 * nor does an abort undo those that have ended: `untold` says what becomes of it, and of those that are not run any
 * more. If that is all there is, the first error is thrown; after an abort `InterruptedError`.
 */
export async function runMatrix(
  cells: readonly PlannedCell[],
  options: RunMatrixOptions,
): Promise<JudgedCell[]> {
  const { jobs, signal, untold } = options;
  const results: (PromiseSettledResult<JudgedCell> | undefined)[] = cells.map(() => undefined);
  // All workers take from one iterator, so that each cell is run once.
  const queue = cells.entries();
  const work = async (): Promise<void> => {
    for (const [index, cell] of queue) {
      if (signal.aborted) return;
      [results[index]] = await Promise.allSettled([runCell(cell, options)]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const ended = results.filter((result) => result?.status === 'fulfilled').length;
  const interrupted = new InterruptedError(`Interrupted after ${ended} of ${cells.length} cells`, {
    cause: signal.reason,
  });
  const errorOf = (result: (typeof results)[number]): unknown =>
    // After an abort every wait ends, each in its own words.
    signal.aborted || result?.status !== 'rejected' ? interrupted : result.reason;
  if (ended === 0 && cells.length > 0) {
    throw errorOf(results.find((result) => result?.status === 'rejected'));
  }
  return cells.map((cell, index) => {
    const result = results[index];
    return result?.status === 'fulfilled' ? result.value : untold(cell, errorOf(result));
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
