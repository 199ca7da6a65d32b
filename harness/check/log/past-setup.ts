// SPDX-License-Identifier: MIT
import { isWholeLog } from '../../memory/kernel-log.ts';

/** Lines that come after all that `setup_arch()` does to low memory. */
const PAST_SETUP =
  /\bMemory: \d+[kK]\/|\bsmp: Brought up |\bsmpboot: Total of |\bFreeing unused kernel /;

/** Whether a line of `setup_arch()` that is not there was not printed, and is not lost. */
export function isPastSetup(log: string): boolean {
  return isWholeLog(log) && PAST_SETUP.test(log);
}
