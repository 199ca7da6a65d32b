// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import type { CommandContext } from './command-context.ts';
import { writeStderr } from '../report/screen.ts';
import { HELP_STYLE, describeCommand } from './help.ts';

const HELP = {
  summary:
    'check who owns each of the 256 pages below 1 MiB in a Linux kernel, before and after a crash',
  examples: [
    ['what this host lacks', 'sub1m doctor'],
    ['the default matrix: released kernels and one that it builds', 'sub1m run'],
    ['the kernel tree you are in, with uncommitted changes', 'sub1m check'],
  ],
  notes: ['"sub1m help <command>" has the options and examples of a command.'],
} as const;

type AddCommand = (program: Command, context: CommandContext) => void;

/** The commands in the order of the help. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  run: async () => (await import('./commands/run.ts')).addRun,
  check: async () => (await import('./commands/check.ts')).addCheck,
  bisect: async () => (await import('./commands/bisect.ts')).addBisect,
  fuzz: async () => (await import('./commands/fuzz.ts')).addFuzz,
  model: async () => (await import('./commands/model.ts')).addModel,
  explain: async () => (await import('./commands/explain.ts')).addExplain,
  build: async () => (await import('./commands/build.ts')).addBuild,
  kernels: async () => (await import('./commands/kernels.ts')).addKernels,
  shell: async () => (await import('./commands/shell.ts')).addShell,
  inspect: async () => (await import('./commands/inspect.ts')).addInspect,
  judge: async () => (await import('./commands/judge.ts')).addJudge,
  report: async () => (await import('./commands/report.ts')).addReport,
  worker: async () => (await import('./commands/worker.ts')).addWorker,
  queue: async () => (await import('./commands/queue.ts')).addQueue,
  history: async () => (await import('./commands/history.ts')).addHistory,
  submit: async () => (await import('./commands/submit.ts')).addSubmit,
  cache: async () => (await import('./commands/cache.ts')).addCache,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  completion: async () => (await import('./commands/completion.ts')).addCompletion,
  __complete: async () => (await import('./commands/completion.ts')).addCompletionLists,
};

/** The command line with all commands, or only with those that the one that is named needs. */
export async function buildProgram(context: CommandContext, named = ''): Promise<Command> {
  const program = describeCommand(new Command('sub1m'), HELP)
    .version(manifest.version)
    .exitOverride()
    .configureOutput({
      writeErr: (text) => {
        writeStderr(text.replace(/\n$/, ''));
      },
    })
    .configureHelp(HELP_STYLE);
  for (const load of commandsToLoad(named)) (await load())(program, context);
  return program;
}

function commandsToLoad(named: string): (() => Promise<AddCommand>)[] {
  if (named === '--version' || named === '-V') return [];
  const known = Object.hasOwn(COMMANDS, named) ? COMMANDS[named] : undefined;
  // Completion knows the options of all others.
  return known && named !== 'completion' ? [known] : Object.values(COMMANDS);
}
