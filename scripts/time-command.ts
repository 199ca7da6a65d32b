// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';

/** A command that ran to its end: how long it took, and what it printed. */
export interface TimedCommand {
  readonly wallMs: number;
  /** Processor time, in user space and in the kernel; a busy host changes it little. */
  readonly cpuMs: number;
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The shell measures, because Node does not measure its children; the times come over descriptor 3. */
const TIMED = `TIMEFORMAT='%3R %3U %3S'; exec 4>&2; { time "$@" 2>&4; } 2>&3`;

/** Bytes that a command may print: `crash` prints a line for each page. */
const MAX_OUTPUT = 64 * 1024 * 1024;

/** Runs a command with `input` on its standard input, and measures it. */
export function timeCommand(argv: readonly string[], input = ''): TimedCommand {
  const { status, output } = spawnSync('bash', ['-c', TIMED, 'bash', ...argv], {
    input,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout = '', stderr = '', times = ''] = output;
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] = (times ?? '')
    .split(' ')
    .map((seconds) => Number(seconds) * 1000);
  return {
    wallMs: Math.round(wall),
    cpuMs: Math.round(user + system),
    status,
    stdout: stdout ?? '',
    stderr: stderr ?? '',
  };
}

export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
