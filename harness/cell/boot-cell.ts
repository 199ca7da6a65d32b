// SPDX-License-Identifier: MIT
import type { Outcome, Phase } from '../bundle/cell-record.ts';
import { GuestLinkError } from '../errors.ts';
import type { GuestRole } from '../guest-link/guest-agent.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import type { Machine } from '../qemu/machine.ts';
import type { CellHost } from './cell-host.ts';
import { PhaseClock } from './phase-clock.ts';
import { PHASE_STEPS, type RunningCell } from './phases.ts';
import type { CellJob } from './run-cell.ts';
import { runSteps } from './run-phases.ts';
import { type MachineExtras, startCell } from './start-cell.ts';

/** A cell to boot as far as one of its kernels. */
interface BootJob extends Pick<
  CellJob,
  'spec' | 'kernel' | 'layout' | 'folder' | 'signal' | 'onPhase'
> {
  readonly extras: MachineExtras;
  /** The kernel to boot to. */
  readonly role: GuestRole;
}

/** A cell whose machine runs until it is disposed. */
export type BootedCell = RunningCell & { readonly machine: Machine } & AsyncDisposable;

/** The phases that lead to a kernel's agent. */
const PHASES_TO: Readonly<Record<GuestRole, readonly Phase[]>> = {
  system: ['firmware', 'boot'],
  capture: ['firmware', 'boot', 'load', 'trigger', 'capture'],
};

/**
 * Starts a cell's machine and boots it until the agent of the wanted kernel waits for commands; evidence goes into the
 * job's folder. Throws `GuestLinkError` when that kernel does not come up.
 */
export async function bootCell(job: BootJob, host: CellHost): Promise<BootedCell> {
  const { spec, role } = job;
  const clock = new PhaseClock(job.onPhase);
  const hostFails = new AbortController();
  const signal = AbortSignal.any([job.signal, hostFails.signal]);
  const accel = await host.accelerator(spec);
  const ovmf = await host.ovmf(spec.ovmf);
  await using starting = new CleanupStack();
  const cell = starting.use(
    await startCell({ ...job, signal }, { host, ovmf, accel, clock }, hostFails),
  );
  const steps = PHASE_STEPS.filter(({ phase }) => PHASES_TO[role].includes(phase));
  const outcome = await runSteps(steps, cell, { ...host, clock, signal }).catch(
    (error: unknown) => {
      throw hostFails.signal.aborted ? hostFails.signal.reason : error;
    },
  );
  if (outcome) throw new GuestLinkError(`Cannot get to the ${role} kernel: ${why(outcome)}`);
  starting.move();
  return cell;
}

function why(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'machine-ended':
      return withLines(`the machine ended in phase ${outcome.phase} (${outcome.cause})`, outcome);
    case 'overrun': {
      const { phase, budgetMs } = outcome;
      return withLines(`phase ${phase} was not over after ${budgetMs / 1000} s`, outcome);
    }
    case 'refused':
      return `${outcome.phase}: ${outcome.why}`;
    case 'surprise':
      return withLines(outcome.why, outcome);
    case 'completed':
      return `the machine ended (${outcome.cause})`;
    case 'infra':
      return outcome.message;
  }
}

function withLines(text: string, { lastLines }: { readonly lastLines: readonly string[] }): string {
  return lastLines.length === 0
    ? text
    : `${text}; the console's last lines:\n${lastLines.join('\n')}`;
}
