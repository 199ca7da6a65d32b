// SPDX-License-Identifier: MIT
/**
 * `cli/`: arguments and environment in, exit codes out.
 * Its one rule: only here is the environment read and the process exited. Start reading here; each command is a
 * file in `commands/`.
 */
import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandContext } from './command-context.ts';
import { readEnvironment } from './environment.ts';
import { bisectRunStatus } from './exit-code.ts';
import { interruptSignal } from './interrupt.ts';
import { reportError } from './report-error.ts';
import { stderrLog } from './stderr-log.ts';

type AddCommand = (program: Command, context: CommandContext) => void;

/** The commands in the order of the help; of one that is named no other's file is loaded. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import('./commands/run.ts')).addRun,
  check: async () => (await import('./commands/check.ts')).addCheck,
  bisect: async () => (await import('./commands/bisect.ts')).addBisect,
  model: async () => (await import('./commands/model.ts')).addModel,
  build: async () => (await import('./commands/build.ts')).addBuild,
  kernels: async () => (await import('./commands/kernels.ts')).addKernels,
  shell: async () => (await import('./commands/shell.ts')).addShell,
  inspect: async () => (await import('./commands/inspect.ts')).addInspect,
  judge: async () => (await import('./commands/judge.ts')).addJudge,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
};

function commandsToLoad(name = ''): (() => Promise<AddCommand>)[] {
  const named = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  return named ? [named] : Object.values(COMMANDS);
}

async function main(): Promise<number> {
  let exitCode = 0;
  const context: CommandContext = {
    environment: readEnvironment(process.env),
    signal: interruptSignal(),
    log: stderrLog,
    /** The status of a command that did its work. */
    exit: (code) => {
      exitCode = code;
    },
  };
  const program = new Command('sub1m')
    .description(
      'Checks who owns each of the 256 pages below 1 MiB in a Linux kernel, before and after a crash.',
    )
    .version(manifest.version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  try {
    for (const load of commandsToLoad(process.argv[2])) (await load())(program, context);
    await program.parseAsync();
    return exitCode;
  } catch (error) {
    return reportError(error);
  }
}

const status = await main();
process.exitCode = process.argv.includes('--bisect-run') ? bisectRunStatus(status) : status;
