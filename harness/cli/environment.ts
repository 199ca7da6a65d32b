// SPDX-License-Identifier: MIT
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { UsageError } from '../errors.ts';
import { providerOf } from '../qemu/kvm-advice.ts';
import type { RunnerEnvironment } from '../runner/runner-context.ts';

/** What sub1m takes from the environment; nothing else reads it. */
export interface Environment extends RunnerEnvironment {
  /** Whether standard output is a terminal with colour. */
  readonly colour: boolean;
  /** The width of the terminal, or 100 without one. */
  readonly columns: number;
  /** TERM: what the terminal understands. */
  readonly term: string;
  /** GITHUB_STEP_SUMMARY: the file of Markdown that GitHub shows above the log of a step. */
  readonly stepSummary: string | undefined;
  /** KCIDB_REST: the server that takes reports for KCIDB, with a secret in it. */
  readonly kcidbRest: string | undefined;
  /** SUB1M_CACHE_LIMIT: how large the cache may grow, bytes; undefined if it is not said. */
  readonly cacheLimit: number | undefined;
  /** SUB1M_QUEUE: the server of a queue, with a secret in it. */
  readonly queue: string | undefined;
  /** SUB1M_STORE: the store of a queue, with a secret in it. */
  readonly store: string | undefined;
  /** SSH_AUTH_SOCK: the socket of an SSH agent. */
  readonly sshAgent: string | undefined;
  /** What must outlive the cache, such as reports that no server has taken yet. */
  readonly stateDir: string;
}

/** Reads the environment once, at the start. Throws `UsageError` if it tells no folder for the cache, or no limit. */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const { HOME, XDG_CACHE_HOME, XDG_CONFIG_HOME, PATH, SUB1M_MIRROR, NO_COLOR, TERM } = env;
  const { XDG_STATE_HOME, GITHUB_STEP_SUMMARY, KCIDB_REST, SUB1M_CACHE_LIMIT } = env;
  const wantsColour = (NO_COLOR ?? '') === '' && TERM !== 'dumb';
  return {
    cacheDir: join(baseFolder(XDG_CACHE_HOME, HOME, '.cache'), 'sub1m'),
    path: PATH ?? '',
    mirror: SUB1M_MIRROR || undefined,
    provider: providerOf(env),
    firmwareFolders: [
      '/usr/share/qemu/firmware',
      '/etc/qemu/firmware',
      join(baseFolder(XDG_CONFIG_HOME, HOME, '.config'), 'qemu/firmware'),
    ],
    colour: wantsColour && process.stdout.isTTY,
    columns: process.stdout.columns ?? 100,
    term: TERM || 'dumb',
    stepSummary: GITHUB_STEP_SUMMARY || undefined,
    kcidbRest: KCIDB_REST || undefined,
    cacheLimit: SUB1M_CACHE_LIMIT ? parseBytes('SUB1M_CACHE_LIMIT', SUB1M_CACHE_LIMIT) : undefined,
    ...queueSecrets(env),
    stateDir: join(baseFolder(XDG_STATE_HOME, HOME, '.local/state'), 'sub1m'),
  };
}

/** What lets us in to a queue and its store. */
function queueSecrets({
  SUB1M_QUEUE,
  SUB1M_STORE,
  SSH_AUTH_SOCK,
}: NodeJS.ProcessEnv): Pick<Environment, 'queue' | 'store' | 'sshAgent'> {
  const [queue, store, sshAgent] = [SUB1M_QUEUE, SUB1M_STORE, SSH_AUTH_SOCK].map(
    (value) => value || undefined,
  );
  return { queue, store, sshAgent };
}

/** A base folder of the user (XDG Base Directory Specification: what is relative is ignored). */
function baseFolder(named: string | undefined, home: string | undefined, below: string): string {
  return named && isAbsolute(named) ? named : join(homeFolder(home), below);
}

/** HOME, or what the user database says where it is empty or relative: nothing goes into the folder we are in. */
function homeFolder(home: string | undefined): string {
  if (home && isAbsolute(home)) return home;
  try {
    const { homedir } = userInfo();
    if (isAbsolute(homedir)) return homedir;
  } catch {
    // The user is not in it, as in a container that runs under any number.
  }
  throw new UsageError(
    'Cannot find your home folder: HOME is no absolute path, and the user database has none for you; set HOME',
  );
}

const BYTES = { kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 } as const;

/** Reads a size such as `500MB` or `20GB`. */
function parseBytes(name: string, text: string): number {
  const [, count, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(kB|MB|GB|TB)$/.exec(text) ?? [];
  if (unit !== undefined) return Number(count) * BYTES[unit as keyof typeof BYTES];
  throw new UsageError(`Cannot read ${name}: expected a size such as 500MB or 20GB, found ${text}`);
}
