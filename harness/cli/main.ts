// SPDX-License-Identifier: MIT
/**
 * `cli/`: arguments and environment in, exit codes out.
 * Its one rule: only here is the environment read and the process exited. Start reading here; each command is a
 * file in `commands/`.
 */
import { Command, CommanderError } from 'commander';
import { Sub1mError, fromSystemError } from '../errors.ts';
import { addCheck } from './commands/check.ts';
import { addDoctor } from './commands/doctor.ts';
import { addJudge } from './commands/judge.ts';
import { addKernels } from './commands/kernels.ts';
import { addRun } from './commands/run.ts';
import { readEnvironment } from './environment.ts';
import { interruptSignal } from './interrupt.ts';
import { stderrLog } from './stderr-log.ts';

/** sysexits.h EX_USAGE. */
const EXIT_USAGE = 64;

/** sysexits.h EX_SOFTWARE: a bug of ours. */
const EXIT_SOFTWARE = 70;

async function main(): Promise<number> {
  let exitCode = 0;
  const context = {
    environment: readEnvironment(process.env),
    signal: interruptSignal(),
    log: stderrLog,
    /** The status of a command that did its work. */
    exit: (code: number): void => {
      exitCode = code;
    },
  };
  const program = new Command('sub1m')
    .description(
      'Checks who owns each of the 256 pages below 1 MiB in a Linux kernel, before and after a crash.',
    )
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const add of [addRun, addCheck, addKernels, addJudge, addDoctor]) add(program, context);
  try {
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    return report(fromSystemError(error));
  }
}

/** Says what went wrong, on standard error; gives the exit status. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (error instanceof Sub1mError) {
    process.stderr.write(`sub1m: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(
    `sub1m: a bug of ours; please report it\n${error instanceof Error ? error.stack : String(error)}\n`,
  );
  return EXIT_SOFTWARE;
}

process.exitCode = await main();
