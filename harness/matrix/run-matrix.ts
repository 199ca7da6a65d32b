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
  readonly onEvent: (event: MatrixEvent) => void;
}

/**
 * Runs cells, started in order, and gives what came of them in the same order. A cell whose `run`
 * rejects stops no other; the first such error is thrown when all have ended. After an abort it
 * throws `InterruptedError`, when those that ran have ended.
 */
export async function runMatrix(
  cells: readonly PlannedCell[],
  options: RunMatrixOptions,
): Promise<JudgedCell[]> {
  const { jobs, signal } = options;
  const results: PromiseSettledResult<JudgedCell>[] = [];
  // All workers take from one iterator, so that each cell is run once.
  const queue = cells.entries();
  const work = async (): Promise<void> => {
    for (const [index, cell] of queue) {
      if (signal.aborted) return;
      [results[index]] = await Promise.allSettled([runCell(cell, options)]);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  if (signal.aborted) {
    const ended = results.filter(({ status }) => status === 'fulfilled').length;
    throw new InterruptedError(`Interrupted after ${ended} of ${cells.length} cells`, {
      cause: signal.reason,
    });
  }
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
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
