// SPDX-License-Identifier: MIT
import type { CommandContext } from './command-context.ts';
import { readEnvironment } from './environment.ts';
import { bisectRunStatus } from './exit-code.ts';
import { interruptSignal } from './interrupt.ts';
import { buildProgram } from './program.ts';
import { reportError } from './report-error.ts';
import { showRun } from './show-run.ts';
import { stderrLog } from './stderr-log.ts';

// Nobody else may write to what we make: a link in a results folder would lead the next write astray.
process.umask(process.umask() | 0o022);

// A reader that has seen enough, such as head(1), is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// An error that nobody awaits is a bug, too. Node would exit with 1, which says that an invariant is broken.
process.on('uncaughtException', (error) => {
  process.exit(statusFor(reportError(error)));
});

async function main(): Promise<number> {
  let exitCode = 0;
  const context: CommandContext = {
    environment: readEnvironment(process.env),
    signal: interruptSignal(),
    log: stderrLog,
    showRun,
    exit: (code) => {
      exitCode = code;
    },
  };
  try {
    const program = await buildProgram(context, process.argv[2]);
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    return reportError(error);
  }
}

function statusFor(status: number): number {
  return process.argv.includes('--bisect-run') ? bisectRunStatus(status) : status;
}

process.exitCode = statusFor(await main());
