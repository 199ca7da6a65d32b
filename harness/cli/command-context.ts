// SPDX-License-Identifier: MIT
import type { RunnerContext } from '../runner/runner-context.ts';
import type { Environment } from './environment.ts';

/** What every command is given; its signal fires on Ctrl-C and SIGTERM. */
export interface CommandContext extends RunnerContext {
  readonly environment: Environment;
  /** Sets the exit status of a command that did its work. */
  exit(code: number): void;
}
