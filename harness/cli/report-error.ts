// SPDX-License-Identifier: MIT
import { CommanderError } from 'commander';
import { Sub1mError, fromSystemError } from '../errors.ts';
import { sourceStack } from './source-stack.ts';

/** sysexits.h EX_USAGE. */
const EXIT_USAGE = 64;

/** sysexits.h EX_SOFTWARE: a bug of ours. */
const EXIT_SOFTWARE = 70;

/** Reports on standard error why a command ended, unless commander did. Returns the exit status. */
export function reportError(thrown: unknown): number {
  const error = fromSystemError(thrown);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof Sub1mError) {
    process.stderr.write(`sub1m: ${error.message}\n`);
    return error.exitCode;
  }
  const stack = error instanceof Error ? sourceStack(error.stack ?? '') : String(error);
  process.stderr.write(`sub1m: a bug of ours; please report it\n${stack}\n`);
  return EXIT_SOFTWARE;
}
