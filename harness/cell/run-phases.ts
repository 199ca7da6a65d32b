// SPDX-License-Identifier: MIT
import type { Outcome, Phase } from '../bundle/cell-record.ts';
import { DeadlineError, QmpError, Sub1mError, SurpriseError } from '../errors.ts';
import type { Log } from '../log.ts';
import { withDeadline } from '../process/deadline.ts';
import { requireRoom } from '../process/disk-room.ts';
import { endBehindBreak, endError } from '../qemu/machine-end.ts';
import { phaseBudgetMs } from './budgets.ts';
import type { PhaseClock } from './phase-clock.ts';
import { PHASE_STEPS, type PhaseStep, type RunningCell } from './phases.ts';
import { type Death, savePostMortem } from './post-mortem.ts';

/** How long a machine may take to stop, ms. */
const STOP_MS = 10_000;

export interface PhaseOptions {
  readonly clock: PhaseClock;
  /** The user's factor on every budget. */
  readonly budgetScale: number;
  /** See `CellHost`. */
  readonly keepMemory: boolean;
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** Runs the phases of a cell; the first that ends the cell gives the outcome. */
export async function runPhases(cell: RunningCell, options: PhaseOptions): Promise<Outcome> {
  const outcome = await runSteps(PHASE_STEPS, cell, options);
  return outcome ?? { kind: 'completed', cause: await endOf(cell) };
}

/** Runs those of the steps that the cell has; gives the outcome of the one that ends it. */
export async function runSteps(
  steps: readonly PhaseStep[],
  cell: RunningCell,
  options: PhaseOptions,
): Promise<Outcome | undefined> {
  const watch = watchDeath(cell, options);
  for (const step of steps.filter(({ applies }) => applies(cell.spec))) {
    options.clock.enter(step.phase);
    watch.step = step;
    const outcome = await runPhase(step, cell, { ...options, watch });
    if (outcome) return outcome;
  }
  watch.step = undefined;
  return undefined;
}

/** What looks at the machine if it ends where it must go on. */
interface DeathWatch {
  /** The step that runs. */
  step: PhaseStep | undefined;
  /** Whether it looks, or has looked. */
  hasDied: boolean;
}

function watchDeath(cell: RunningCell, options: PhaseOptions): DeathWatch {
  const watch: DeathWatch = { step: undefined, hasDied: false };
  cell.machine.beforeEnd(async () => {
    const { step } = watch;
    if (!step || step.endsMachine(cell.spec)) return;
    watch.hasDied = true;
    await savePostMortem(cell, { phase: step.phase, how: 'machine-ended' }, options);
  });
  return watch;
}

async function runPhase(
  step: PhaseStep,
  cell: RunningCell,
  options: PhaseOptions & { readonly watch: DeathWatch },
): Promise<Outcome | undefined> {
  const budgetMs = phaseBudgetMs(step.phase, cell.spec, options.budgetScale);
  const what = `phase "${step.phase}" to end`;
  try {
    return await withDeadline(what, { budgetMs, signal: options.signal }, (signal) =>
      Promise.race([step.run(cell, signal), machineEnds(step, cell)]),
    );
  } catch (error) {
    if (error instanceof QmpError) await explain(error, cell);
    if (error instanceof SurpriseError) return surprised(step.phase, error, { cell, options });
    if (!(error instanceof DeadlineError) || error.waitedFor !== what) throw error;
    // The budget ran out while its memory was read.
    if (options.watch.hasDied) return machineEnds(step, cell);
    return overrun(step.phase, budgetMs, { cell, options });
  }
}

/** Throws what is behind an error of QMP, if that can be told. */
async function explain(error: QmpError, cell: RunningCell): Promise<void> {
  await requireRoom([cell.temp, cell.folder], error);
  // The process knows why the connection broke.
  await endBehindBreak(endOf(cell));
}

/** A cell whose phase cannot end, and what its run is told. */
interface StuckPhase {
  readonly cell: RunningCell;
  readonly options: PhaseOptions;
}

async function machineEnds(step: PhaseStep, cell: RunningCell): Promise<Outcome | undefined> {
  const cause = await endOf(cell);
  if (step.endsMachine(cell.spec)) return undefined;
  return { kind: 'machine-ended', phase: step.phase, cause, lastLines: cell.console.lastLines };
}

/** Why the machine ended. A QEMU that died, or was killed on the host, proves nothing about the kernel. */
async function endOf(cell: RunningCell): Promise<string> {
  const end = await cell.machine.ended;
  if (end.cause.startsWith('guest-')) return end.cause;
  throw endError(`run the machine to its end (${end.cause})`, end);
}

async function overrun(phase: Phase, budgetMs: number, stuck: StuckPhase): Promise<Outcome> {
  const { silentMs, lastLines } = stuck.cell.console;
  await lastLook(phase, 'overrun', stuck);
  return { kind: 'overrun', phase, budgetMs, silentMs: Math.round(silentMs), lastLines };
}

async function surprised(
  phase: Phase,
  { surprise, message }: SurpriseError,
  stuck: StuckPhase,
): Promise<Outcome> {
  await lastLook(phase, 'surprise', stuck);
  const { lastLines } = stuck.cell.console;
  return { kind: 'surprise', phase, surprise, why: message, lastLines };
}

/** Stops the machine, and reads what its memory says. */
async function lastLook(
  phase: Phase,
  how: Death['how'],
  { cell, options }: StuckPhase,
): Promise<void> {
  try {
    await withDeadline('the machine to stop', { budgetMs: STOP_MS, signal: options.signal }, () =>
      cell.machine.pause(),
    );
  } catch (error) {
    if (!(error instanceof Sub1mError)) throw error;
    options.log.warn(`${cell.folder}: the machine does not stop: ${error.message}`);
  }
  await savePostMortem(cell, { phase, how }, options);
}
