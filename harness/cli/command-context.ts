// SPDX-License-Identifier: MIT
import type { Log } from '../log.ts';
import type { Environment } from './environment.ts';

/** What every command is given. */
export interface CommandContext {
  readonly environment: Environment;
  /** Fires on Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Sets the exit status of a command that did its work. */
  exit(code: number): void;
}
