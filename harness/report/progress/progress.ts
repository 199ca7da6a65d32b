// SPDX-License-Identifier: MIT
import type { PlannedCell } from '../../matrix/expand.ts';
import { type Progress, lineProgress } from './line-progress.ts';

/** Shows the cells and their phases on `stream` (standard error: reports go to standard output). */
export async function showProgress(
  cells: readonly PlannedCell[],
  stream: NodeJS.WriteStream,
): Promise<Progress> {
  // A terminal without a size, as script(1) makes one, would show no changes.
  const isScreen = stream.isTTY && stream.rows > 0;
  if (!isScreen) return lineProgress(cells, stream);
  const { liveProgress } = await import('./live-progress.ts');
  return liveProgress(cells, stream);
}
