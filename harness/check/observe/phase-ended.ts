// SPDX-License-Identifier: MIT
import { type CellRecord, PHASES, type Phase } from '../../bundle/cell-record.ts';

/** Whether the cell came to the end of a phase. */
export function phaseEnded({ outcome }: CellRecord, phase: Phase): boolean {
  if (outcome.kind === 'completed') return true;
  return outcome.phase !== null && PHASES.indexOf(outcome.phase) > PHASES.indexOf(phase);
}
