// SPDX-License-Identifier: MIT
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RunnerEnvironment } from '../runner/runner-context.ts';

/** What sub1m takes from the environment; nothing else reads it. */
export interface Environment extends RunnerEnvironment {
  /** Whether standard output is a terminal with colour. */
  readonly colour: boolean;
  /** The width of the terminal, or 100 without one. */
  readonly columns: number;
  /** TERM: what the terminal understands. */
  readonly term: string;
}

/** Reads the environment once, at the start. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const { HOME, XDG_CACHE_HOME, XDG_CONFIG_HOME, PATH, SUB1M_MIRROR, NO_COLOR, TERM } = env;
  const home = HOME ?? homedir();
  const wantsColour = (NO_COLOR ?? '') === '' && TERM !== 'dumb';
  return {
    cacheDir: join(XDG_CACHE_HOME || join(home, '.cache'), 'sub1m'),
    path: PATH ?? '',
    mirror: SUB1M_MIRROR || undefined,
    firmwareFolders: [
      '/usr/share/qemu/firmware',
      '/etc/qemu/firmware',
      resolve(XDG_CONFIG_HOME || join(home, '.config'), 'qemu/firmware'),
    ],
    colour: wantsColour && process.stdout.isTTY,
    columns: process.stdout.columns ?? 100,
    term: TERM || 'dumb',
  };
}
