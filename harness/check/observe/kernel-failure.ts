// SPDX-License-Identifier: MIT
import type { CellRecord, Phase } from '../../bundle/cell-record.ts';
import { FIRST_LINE, findLogLine, isWholeLog, lastLogLine } from '../../memory/kernel-log.ts';
import { findDamage, leftByItself } from '../../memory/kernel-trouble.ts';
import type { Surprise } from '../../surprises.ts';
import { hasLostTimer } from './emulator-fault.ts';
import { type Evidence, lastKernelPart } from './evidence.ts';
import { findStarvation } from './starved-host.ts';
import { printableText } from '../../memory/printable-text.ts';

/** How a kernel ended its cell, where that is certain. */
export interface KernelFailure {
  /**
   * At boot; while it was to run; after the panic, with no word of a capture kernel; in the
   * capture kernel.
   */
  readonly where: 'boot' | 'running' | 'crash' | 'capture';
  /** A sentence. */
  readonly how: string;
  /** The console line that says most. */
  readonly lastLine: string;
}

type Overrun = Extract<CellRecord['outcome'], { readonly kind: 'overrun' }>;

/** When the kernel is at fault if its cell ends so; else the agent, the harness or the host may be. */
type Blame =
  | 'always'
  /** If it hangs in the kernel, or is damaged. */
  | 'if-hung'
  /** If it has shown that it is damaged. */
  | 'if-damaged'
  | 'never';

interface PhaseRow {
  /** `kdump`: in whichever of the two kernels spoke last. */
  readonly where: 'boot' | 'running' | 'kdump';
  /** Where the phase is not over in time. */
  readonly overrun: Blame;
}

/** Whose fault it is that a phase does not end well. */
const PHASE_ENDS: Readonly<Record<Phase, PhaseRow>> = {
  firmware: { where: 'boot', overrun: 'if-hung' },
  boot: { where: 'boot', overrun: 'if-hung' },
  // User space waits for the agent: it may be the agent that hangs.
  observe: { where: 'running', overrun: 'if-damaged' },
  load: { where: 'running', overrun: 'if-damaged' },
  trigger: { where: 'kdump', overrun: 'if-hung' },
  capture: { where: 'kdump', overrun: 'if-hung' },
  dump: { where: 'kdump', overrun: 'if-hung' },
  off: { where: 'running', overrun: 'if-damaged' },
};

/** Whose fault it is that a guest does not keep to the protocol. */
const SURPRISE_BLAME: Readonly<Record<Surprise, Blame>> = {
  'other-agent': 'never',
  // After the jump the capture kernel must come up, and before it no agent comes up twice.
  'other-kernel': 'always',
  'second-hello': 'always',
  'other-answer': 'if-damaged',
  garbage: 'if-damaged',
  'no-vmcore': 'always',
};

/** What the agent says if it is the kernel that does not let it have the vmcore (guest/dump/dump.c). */
const NO_ACCESS = /^cannot (?:open|stat|map|read) the vmcore\b/;

/** The part of the budget that the console must be silent for an overrun to count as a hang. */
const HANG_SILENCE = 0.5;

/**
 * What `run_init_process()` prints (init/main.c) before the agent takes over: from then on a
 * healthy kernel is silent too, and it may be the agent, makedumpfile or the host that hangs.
 */
const USER_SPACE = /Run \/\S+ as init process/;

/** Whether the system kernel did not take the capture kernel. */
export function loadRefused({ outcome }: CellRecord): boolean {
  return outcome.kind === 'refused' && outcome.phase === 'load';
}

/** What was found before: several ask, and a log may be long. */
const FOUND = new WeakMap<Evidence, KernelFailure | null>();

/** How the kernel ended the cell; null if it did not, or if that is not certain. */
export function findKernelFailure(evidence: Evidence): KernelFailure | null {
  const known = FOUND.get(evidence);
  if (known !== undefined) return known;
  const failure = failureIn(evidence);
  FOUND.set(evidence, failure);
  return failure;
}

function failureIn(evidence: Evidence): KernelFailure | null {
  const { outcome, panicLine } = evidence.cell;
  if (outcome.kind === 'completed' || outcome.kind === 'infra') return null;
  const lastKernel = findLastKernel(evidence);
  if (lastKernel === null) return null;
  const { isCapture, log } = lastKernel;
  const atStake = PHASE_ENDS[outcome.phase].where;
  const afterPanic = isCapture ? 'capture' : 'crash';
  const where = atStake === 'kdump' ? afterPanic : atStake;
  const damage = findDamage(log, isCapture ? null : panicLine);
  const isStarved = findStarvation(evidence.cell) !== null;
  const signs: Signs = { where, log, damage, isStarved };
  if (!isAtFault(outcome, signs)) return null;
  return { where, how: describeEnd(evidence.cell), lastLine: tellingLine(signs) };
}

/**
 * The log of the last kernel that ran: as it is in memory, if the machine was looked at, or what the console has. Null
 * if no kernel ran.
 */
function findLastKernel(evidence: Evidence): (Pick<Signs, 'log'> & { isCapture: boolean }) | null {
  const console = evidence.text('console.log') ?? '';
  const heard = console.split(FIRST_LINE).length - 1;
  const dead = evidence.dead.value;
  const isCapture = heard > 1 || dead?.role === 'capture';
  const inMemory = evidence.text('dead/dmesg') ?? '';
  const isOfIt = dead !== null && (dead.role === 'capture') === isCapture;
  if (isOfIt && isWholeLog(inMemory)) return { isCapture, log: inMemory };
  return heard === 0 ? null : { isCapture, log: lastKernelPart(console) };
}

/** What there is of the last kernel. */
interface Signs extends Pick<KernelFailure, 'where'> {
  readonly log: string;
  /** See `findDamage`. */
  readonly damage: string | null;
  /** Whether the machine had too little of the host. */
  readonly isStarved: boolean;
}

type BadEnd = Exclude<CellRecord['outcome'], { readonly kind: 'completed' | 'infra' }>;

function isAtFault(outcome: BadEnd, signs: Signs): boolean {
  const isDamaged = signs.damage !== null;
  switch (blameOf(outcome)) {
    case 'always':
      return isDamaged || !leftByItself(signs.log);
    case 'if-hung':
      return (
        isDamaged || (outcome.kind === 'overrun' && !signs.isStarved && isHung(outcome, signs))
      );
    case 'if-damaged':
      return isDamaged;
    case 'never':
      return false;
  }
}

function blameOf(outcome: BadEnd): Blame {
  switch (outcome.kind) {
    case 'machine-ended':
      // The agent ends the machine only when it is told to.
      return 'always';
    case 'overrun':
      return PHASE_ENDS[outcome.phase].overrun;
    case 'refused':
      return NO_ACCESS.test(outcome.why) ? 'always' : 'if-damaged';
    case 'surprise':
      return SURPRISE_BLAME[outcome.surprise];
  }
}

/** Whether an overrun is a kernel that hangs: one that has not reached user space, or that panics. */
function isHung({ silentMs, budgetMs }: Overrun, { where, log }: Signs): boolean {
  const inKernel = where === 'crash' || !USER_SPACE.test(log);
  return inKernel && silentMs >= budgetMs * HANG_SILENCE && !hasLostTimer(log);
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
    case 'surprise':
      return `In phase ${outcome.phase}: ${outcome.why}`;
    case 'infra':
      return outcome.phase === null
        ? outcome.message
        : `In phase ${outcome.phase}: ${outcome.message}`;
  }
}

function tellingLine({ log, damage }: Signs): string {
  const panic = findLogLine(log, /Kernel panic - not syncing/);
  return panic ?? (damage === null ? lastLogLine(log) : printableText(damage));
}
