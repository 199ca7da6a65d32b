// SPDX-License-Identifier: MIT
import { CommanderError } from 'commander';
import type { End } from '../ends.ts';
import { Sub1mError, fromSystemError } from '../errors.ts';
import { writeStderr } from '../report/screen.ts';
import { sourceStack } from '../source-stack.ts';

/** Reports on standard error why a command ended, unless commander did. Returns how it ends. */
export function reportError(thrown: unknown): End {
  const error = fromSystemError(thrown);
  if (error instanceof CommanderError) return error.exitCode === 0 ? 'done' : 'usage';
  if (!(error instanceof Sub1mError)) return reportBug(error);
  writeStderr(`sub1m: ${error.message}`);
  return error.end;
}

/** Reports on standard error what nobody foresaw. */
export function reportBug(thrown: unknown): End {
  writeStderr(`sub1m: a bug of ours; please report it\n${stackOf(thrown)}`);
  return 'bug';
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? sourceStack(thrown.stack ?? '') : String(thrown);
}
