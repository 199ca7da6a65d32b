// SPDX-License-Identifier: MIT
import type { CellSpec, Phase } from '../bundle/cell-record.ts';

/**
 * How long each phase may take, ms. Each is about ten times what an idle machine of two cores needs under TCG,
 * so that a busy one is not mistaken for a kernel that hangs.
 */
const BUDGETS: Readonly<Record<Phase, number>> = {
  firmware: 60_000,
  boot: 90_000,
  observe: 30_000,
  load: 60_000,
  trigger: 60_000,
  capture: 120_000,
  dump: 120_000,
  off: 60_000,
};

/** The memory that `BUDGETS` is for, MiB; a dump takes longer in proportion. */
const MEMORY_OF_BUDGETS = 1024;

/** How much longer a dump may take that is taken by read(), which maps and unmaps each page by itself. */
const READ_FACTOR = 3;

/** The budget of a phase, ms. `scale` is the user's factor for slow or fast hosts. */
export function phaseBudgetMs(phase: Phase, spec: CellSpec, scale: number): number {
  if (phase !== 'dump') return BUDGETS[phase] * scale;
  const grows = Math.max(1, spec.memoryMiB / MEMORY_OF_BUDGETS);
  const reads = ['read', 'both'].includes(spec.vmcore) ? READ_FACTOR : 1;
  return BUDGETS.dump * grows * reads * scale;
}
