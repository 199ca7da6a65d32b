// SPDX-License-Identifier: MIT
import { ENDS, type End } from '../ends.ts';

/** Whether `git bisect run` waits for the answer; what comes after `--` is for a guest. */
export function isBisectRun(args: readonly string[]): boolean {
  const [command, ...rest] = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  return command === 'check' && rest.includes('--bisect-run');
}

interface ExitOptions {
  readonly isBisectRun: boolean;
  /** The number of the Unix signal that ended the command; null if none did. */
  readonly signal: number | null;
}

/** The exit status for how a command ends; a number is that of a guest's command. */
export function exitStatus(end: End | number, options: ExitOptions): number {
  if (typeof end === 'number') return end;
  if (end === 'interrupted' && options.signal !== null) return 128 + options.signal;
  const { status, bisectRun } = ENDS[end];
  return options.isBisectRun ? bisectRun : status;
}
