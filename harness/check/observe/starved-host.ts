// SPDX-License-Identifier: MIT
import type { CellRecord, Phase, PhasePressure } from '../../bundle/cell-record.ts';

/** From this share on, a machine had less than half of what it needed: budgets allow for ten times, not for any. */
const STARVED = 0.5;

/** What a phase may lack, and what the host then did. */
const NEEDS = {
  waited: 'QEMU waited for a processor',
  steal: 'a hypervisor had taken the processors',
  memory: 'all waited for memory',
  io: 'all waited for a disk',
} as const satisfies Partial<Record<keyof PhasePressure, string>>;

/**
 * What the host lacked in a phase that was not over in time, in a sentence; null if it had enough, or does not say. A
 * kernel that hangs halted wants no processor: then nothing is lacking.
 */
export function findStarvation({ outcome, pressure }: CellRecord): string | null {
  const phase = latePhase(outcome);
  const found = phase && pressure[phase];
  if (!found) return null;
  const lacks = Object.entries(NEEDS).flatMap(([need, what]) => {
    const share = found[need as keyof typeof NEEDS] ?? 0;
    return share < STARVED ? [] : [`${what} ${Math.round(share * 100)} % of the time`];
  });
  if (lacks.length === 0) return null;
  return `The host was too busy in phase ${phase}: ${lacks.join(', ')}; run the cell again with fewer --jobs`;
}

/** The phase in which something was not over in time: the phase itself, or an answer of QEMU's; null if nothing was late. */
function latePhase(outcome: CellRecord['outcome']): Phase | null {
  if (outcome.kind === 'overrun') return outcome.phase;
  return outcome.kind === 'infra' && outcome.code === 'E_DEADLINE' ? outcome.phase : null;
}
