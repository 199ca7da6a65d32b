// SPDX-License-Identifier: MIT
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessError } from '../errors.ts';
import type { ProcessEnd } from '../process/owned-process.ts';

/** From a broken connection to the end of the QEMU that broke it, ms. */
const DYING_MS = 10_000;

/** How a machine ended. */
export interface MachineEnd extends ProcessEnd {
  /**
   * QEMU's `ShutdownCause` (qapi/run-state.json), e.g. `guest-reset`, `guest-shutdown`,
   * `host-qmp-quit`; or `crashed` when QEMU ended without one.
   */
  readonly cause: string;
}

/**
 * Waits for the end of a QEMU that broke a connection, which shows before its process is gone;
 * undefined if it lives on.
 */
export async function endBehindBreak<T>(ended: Promise<T>): Promise<T | undefined> {
  return Promise.race([ended, delay(DYING_MS, undefined, { ref: false })]);
}

/** The error of a QEMU that ended unexpectedly, so that `what` could not be done. */
export function endError(what: string, { exitCode, signal, stderr }: ProcessEnd): ProcessError {
  const how = signal ?? (exitCode === undefined ? 'no process' : `exit status ${exitCode}`);
  const message = `Cannot ${what}: QEMU ended with ${how}: ${decisiveLine(stderr)}`;
  return new ProcessError(stderr === '' ? message : `${message}\n${stderr}`);
}

/** The line of QEMU's standard error that says what went wrong: the first that is not a warning. */
export function decisiveLine(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line !== '' && !line.includes(' warning: '));
  const line = lines[0] ?? 'it said nothing';
  return line.replace(/^qemu-system-x86_64: (error: )?/, '');
}
