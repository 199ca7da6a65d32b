// SPDX-License-Identifier: MIT
import type { End } from '../ends.ts';
import type { RunnerContext } from '../runner/runner-context.ts';
import type { Environment } from './environment.ts';

/** What every command is given; its signal fires on Ctrl-C and SIGTERM. */
export interface CommandContext extends RunnerContext {
  readonly environment: Environment;
  /** Says how a command ends that did its work; a number is the exit status of a guest's command. */
  exit(end: End | number): void;
}
