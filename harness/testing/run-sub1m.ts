// SPDX-License-Identifier: MIT
/** Runs the command line for tests as a user does: a process of its own, its exit status, what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/** Starts `sub1m` with arguments, and with changes to the environment. */
export function startSub1m(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCommand {
  const main = join(import.meta.dirname, '../cli/main.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
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
  const ended = new Promise<CommandEnd>((resolve) => {
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

/** Runs `sub1m` to its end. */
export function runSub1m(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CommandEnd> {
  return startSub1m(args, env).ended;
}

/** What a sub1m process left behind: its QEMU processes and its temporary folders. */
export function leftBehind(pid: number | undefined): string[] {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(`sub1m-${pid}-`));
  const processes = readdirSync('/proc').filter(
    (entry) => /^\d+$/.test(entry) && commandOf(entry).includes(`sub1m-${pid}-`),
  );
  return [...folders, ...processes.map((entry) => `process ${entry}`)];
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    // It has ended since the folder was read.
    return '';
  }
}
