// SPDX-License-Identifier: MIT
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** The window of a terminal, such as `process.stdout`. */
interface Screen {
  readonly rows: number;
  readonly columns: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** What a person runs in a guest: a command, or an interactive shell. */
export interface Session {
  readonly command: string | undefined;
  /** The terminal that the guest sees; null if it has none, and bytes pass unchanged. */
  readonly terminal: { readonly term: string; readonly screen: Screen } | null;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Resolves once nobody reads `stdout` any more, with the exit status of a program that SIGPIPE kills. */
export function unread({ stdout }: Pick<Session, 'stdout'>): Promise<number> {
  return new Promise((resolve) => {
    stdout.once('error', () => {
      resolve(128 + constants.signals.SIGPIPE);
    });
  });
}
