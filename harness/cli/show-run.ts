// SPDX-License-Identifier: MIT
import type { PlannedCell } from '../matrix/expand.ts';
import type { RunDisplay } from '../runner/runner-context.ts';

/** Shows a run on standard error: reports go to standard output. */
export async function showRun(cells: readonly PlannedCell[]): Promise<RunDisplay> {
  const { showProgress } = await import('../report/progress/progress.ts');
  const { loadReporters } = await import('../report/reporters.ts');
  const progress = await showProgress(cells, process.stderr);
  return {
    onEvent: (event) => {
      progress.onEvent(event);
      // The console is silent then. Later a kernel would wait for its reader, 10 ms at most (`wait_for_xmitr()`).
      if (event.kind === 'phase' && event.phase === 'firmware') void loadReporters();
    },
    [Symbol.asyncDispose]: () => progress[Symbol.asyncDispose](),
  };
}
