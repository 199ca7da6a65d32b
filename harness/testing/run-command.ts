// SPDX-License-Identifier: MIT
/** Runs programs for tests as a user does: a process of its own, its exit status, what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';

/** How a command ended. */
export interface CommandEnd {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandEnd>;
  /** Resolves when standard error holds `text`, or when the command has ended. */
  says(text: string): Promise<void>;
}

interface CommandOptions {
  /** Changes to the environment. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string;
}

/** Starts a command, without standard input. */
export function startCommand(
  [program = '', ...args]: readonly string[],
  { env, ...options }: CommandOptions = {},
): RunningCommand {
  const child = spawn(program, args, {
    ...options,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (bytes: Buffer) => {
    said.stdout += bytes.toString();
  });
  child.stderr.on('data', (bytes: Buffer) => {
    said.stderr += bytes.toString();
  });
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, ...said });
    });
  });
  const says = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (said.stderr.includes(text)) resolve();
      };
      look();
      child.stderr.on('data', look);
      void ended.then(() => {
        resolve();
      });
    });
  return { child, ended, says };
}

/** Runs a command to its end. */
export function runCommand(argv: readonly string[], options?: CommandOptions): Promise<CommandEnd> {
  return startCommand(argv, options).ended;
}
