// SPDX-License-Identifier: MIT
/** Runs the command line for tests as a user does: compiled, in a process of its own. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { projectPath } from '../project-root.ts';
import { type CommandEnd, type RunningCommand, startCommand } from './run-command.ts';

let compiled = false;

/** The words that start `sub1m`, compiled from the sources as they are. */
export function sub1mCommand(): readonly string[] {
  if (!compiled) execFileSync(projectPath('scripts/build.sh'), { stdio: 'pipe' });
  compiled = true;
  return [process.execPath, projectPath('dist/cli/start.cjs')];
}

/** What `node --import` needs to run TypeScript. */
export const TYPESCRIPT = projectPath('harness/process/typescript.mjs');

/** The words that start `sub1m` from TypeScript. */
export const SUB1M_FROM_SOURCE: readonly string[] = [
  process.execPath,
  '--import',
  TYPESCRIPT,
  projectPath('harness/cli/main.ts'),
];

/** Starts `sub1m` with arguments, and with changes to the environment. */
export function startSub1m(args: readonly string[], env?: NodeJS.ProcessEnv): RunningCommand {
  return startCommand([...sub1mCommand(), ...args], { env });
}

/** Runs `sub1m` to its end. */
export function runSub1m(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<CommandEnd> {
  return startSub1m(args, env).ended;
}

/** What a sub1m process left behind: its QEMU processes and its temporary folders. */
export function leftBehind(pid: number | undefined): string[] {
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(`sub1m-${pid}-`));
  return [...folders, ...machinesOf(pid).map((machine) => `process ${machine}`)];
}

/** The variable by which the processes of one run are known, whoever started them. */
export const MARK = 'SUB1M_TEST_MARK';

/** The processes in whose environment `MARK` has this value. */
function processesOf(mark: string): string[] {
  return readdirSync('/proc')
    .filter(
      (entry) => /^\d+$/.test(entry) && readProc(entry, 'environ').includes(`${MARK}=${mark}`),
    )
    .map(
      (pid) => `process ${pid}: ${readProc(pid, 'cmdline').replaceAll('\0', ' ').slice(0, 100)}`,
    );
}

/** Those of them that are left when what dies with sub1m had time for it. */
export async function orphansOf(mark: string): Promise<string[]> {
  for (let waits = 100; waits > 0 && processesOf(mark).length > 0; waits -= 1) await delay(100);
  return processesOf(mark);
}

/** The QEMU processes of a sub1m process, dead or alive. */
export function machinesOf(pid: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && readProc(entry, 'cmdline').includes(`sub1m-${pid}-`))
    .map(Number);
}

function readProc(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // It has ended since the folder was read.
    return '';
  }
}
