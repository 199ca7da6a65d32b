// SPDX-License-Identifier: MIT
import type { RunSummary } from '../matrix/judged-cell.ts';

/** The exit status of judged cells: a broken invariant outweighs a cell that could not be judged. */
export function exitCode({ mismatch, unjudged }: RunSummary): 0 | 1 | 69 {
  if (mismatch > 0) return 1;
  return unjudged > 0 ? 69 : 0;
}
