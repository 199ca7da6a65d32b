// SPDX-License-Identifier: MIT
import type { InvariantOutcome } from '../../check/judgement.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { counted } from '../../memory/counted.ts';

/**
 * The promises that a judged cell should show and does not. Of one that ended early, only those that the kernel hides:
 * its verdict says why the others were not seen, as that of an unjudged cell does.
 */
export function unseenOf({ record, judgement }: JudgedCell): InvariantOutcome[] {
  if (judgement.verdict.kind === 'unjudged') return [];
  const isWhole = record.outcome.kind === 'completed';
  return judgement.invariants.filter(
    ({ outcome, shownBy }) => outcome === 'unseen' && (isWhole || shownBy !== undefined),
  );
}

/** How many these are, in words; empty if all was seen. */
export function unseenName(cell: JudgedCell): string {
  const { length } = unseenOf(cell);
  return length === 0 ? '' : `${counted(length, 'promise')} could not be seen`;
}

/** A line for each promise that some of the cells could not see: `lowmem.trampoline (CONFIG_KALLSYMS_ALL)`. */
export function unseenLines(cells: readonly JudgedCell[]): string[] {
  const lines = cells
    .flatMap(unseenOf)
    .map(({ id, shownBy }) => (shownBy === undefined ? id : `${id} (${shownBy} would show it)`));
  return [...new Set(lines)];
}
