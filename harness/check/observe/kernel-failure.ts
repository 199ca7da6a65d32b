// SPDX-License-Identifier: MIT
import { type CellRecord, PHASES, type Phase } from '../../bundle/cell-record.ts';
import { FIRST_LINE, findLogLine, lastLogLine } from '../../memory/kernel-log.ts';
import type { Evidence } from './evidence.ts';
import { printableText } from '../../memory/printable-text.ts';

/** How a kernel ended its cell, where that is certain. */
export interface KernelFailure {
  /** At boot; after the panic, with no word of a capture kernel; in the capture kernel. */
  readonly where: 'boot' | 'crash' | 'capture';
  /** A sentence. */
  readonly how: string;
  /** The console line that says most. */
  readonly lastLine: string;
}

type Overrun = Extract<CellRecord['outcome'], { readonly kind: 'overrun' }>;

/** What a kernel fails at if the phase does not end; null where the agent may be at fault instead. */
const AT_STAKE: Readonly<Record<Phase, 'boot' | 'kdump' | null>> = {
  firmware: 'boot',
  boot: 'boot',
  observe: null,
  load: null,
  trigger: 'kdump',
  capture: 'kdump',
  dump: 'kdump',
  off: null,
};

/** The part of the budget that the console must be silent for an overrun to count as a hang. */
const HANG_SILENCE = 0.5;

/**
 * What `run_init_process()` prints (init/main.c) before the agent takes over: from then on a
 * healthy kernel is silent too, and it may be the agent, makedumpfile or the host that hangs.
 */
const USER_SPACE = /Run \/\S+ as init process/;

/** Whether the cell came to the end of a phase. */
export function phaseEnded({ outcome }: CellRecord, phase: Phase): boolean {
  if (outcome.kind === 'completed') return true;
  return outcome.phase !== null && PHASES.indexOf(outcome.phase) > PHASES.indexOf(phase);
}

/** Whether the system kernel did not take the capture kernel. */
export function loadRefused({ outcome }: CellRecord): boolean {
  return outcome.kind === 'refused' && outcome.phase === 'load';
}

/** How the kernel ended the cell; null if it did not, or if that is not certain. */
export function findKernelFailure(evidence: Evidence): KernelFailure | null {
  const { outcome } = evidence.cell;
  if (outcome.kind !== 'machine-ended' && outcome.kind !== 'overrun') return null;
  const atStake = AT_STAKE[outcome.phase];
  const log = evidence.text('console.log') ?? '';
  const kernelsHeard = log.split(FIRST_LINE).length - 1;
  if (atStake === null || kernelsHeard === 0) return null;
  const afterPanic = kernelsHeard === 1 ? 'crash' : 'capture';
  const where = atStake === 'boot' ? 'boot' : afterPanic;
  if (outcome.kind === 'overrun' && !hangsForSure(outcome, where, log)) return null;
  return { where, how: describeEnd(evidence.cell), lastLine: tellingLine(log) };
}

/** Whether an overrun is a kernel that hangs: one that has not reached user space, or that panics. */
function hangsForSure(
  { silentMs, budgetMs }: Overrun,
  where: KernelFailure['where'],
  log: string,
): boolean {
  const lastKernel = log.slice(log.lastIndexOf(FIRST_LINE));
  const inKernel = where === 'crash' || !USER_SPACE.test(lastKernel);
  return inKernel && silentMs >= budgetMs * HANG_SILENCE;
}

/** A failure in words. */
export function describeFailure({ how, lastLine }: KernelFailure): string {
  return `${how}: ${lastLine}`;
}

/** A sentence on how a cell ended that did not complete. */
export function describeEnd({ outcome }: CellRecord): string {
  switch (outcome.kind) {
    case 'completed':
      return 'The cell completed';
    case 'machine-ended':
      return `The machine ended in phase ${outcome.phase} (${outcome.cause})`;
    case 'overrun':
      return (
        `Phase ${outcome.phase} was not over after ${outcome.budgetMs / 1000} s, ` +
        `the console was silent for the last ${outcome.silentMs / 1000} s`
      );
    case 'refused':
      return `The agent could not do phase ${outcome.phase}: ${printableText(outcome.why)}`;
    case 'infra':
      return outcome.message;
  }
}

function tellingLine(log: string): string {
  return findLogLine(log, /Kernel panic - not syncing/) ?? lastLogLine(log);
}
