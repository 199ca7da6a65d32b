// SPDX-License-Identifier: MIT
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';

/** The window that a terminal's text is shown in, such as `process.stdout`. */
interface Screen {
  readonly rows: number;
  readonly columns: number;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

/** What a person does in a guest: a command, or a prompt without one. */
export interface Session {
  readonly command: string | undefined;
  /** What the guest's terminal is like; null: it has none, and bytes pass unchanged. */
  readonly terminal: { readonly term: string; readonly screen: Screen } | null;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Resolves with the exit status of who is killed by SIGPIPE, once nobody reads `stdout` any more. */
export function unread({ stdout }: Pick<Session, 'stdout'>): Promise<number> {
  return new Promise((resolve) => {
    stdout.once('error', () => {
      resolve(128 + constants.signals.SIGPIPE);
    });
  });
}
