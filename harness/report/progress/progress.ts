// SPDX-License-Identifier: MIT
import { type Progress, lineProgress } from './line-progress.ts';

/** Shows the cells and their phases on `stream` (standard error: reports go to standard output). */
export async function showProgress(
  cells: readonly string[],
  stream: NodeJS.WriteStream,
): Promise<Progress> {
  // A terminal without a size, as script(1) makes one, would show nothing of what changes.
  const isScreen = stream.isTTY && stream.rows > 0;
  if (!isScreen) return lineProgress(stream);
  const { liveProgress } = await import('./live-progress.ts');
  return liveProgress(cells, stream);
}
