// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type End, firstEnd } from '../../ends.ts';
import { counted } from '../../memory/counted.ts';
import { writeStdout } from '../../report/screen.ts';
import { readyToJudge } from '../../runner/judge-thread.ts';
import type { SubmittedRuns } from '../../runner/submit/submit-runs.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { positive } from '../run-options.ts';

const HELP = {
  summary: 'submit runs to KCIDB, and what an earlier submission has left',
  examples: [
    ['the runs of a night', 'sub1m submit results/2026-11-22T13-47-07-4711'],
    ['what no server has taken yet', 'sub1m submit'],
  ],
  notes: [
    'KCIDB_REST says where to: https://<token>@<host>/. Documents wait in the spool until the server has taken them. ' +
      'What it will never take goes to rejected/ there, with a file that says why. "judge --reporter kcidb" shows a ' +
      'document without submitting it.',
    'Exit status: 0 all is submitted, whatever it says of kernels; 64 usage, or the server does not know the token; 65 the ' +
      'server refuses a document; 69 something waits for the next time; 130 interrupted.',
  ],
} as const;

interface SubmitCommandOptions {
  readonly origin: string;
  readonly wait: number;
  readonly spool?: string;
}

/** `sub1m submit [results…]`: reports runs to KCIDB. */
export function addSubmit(program: Command, context: CommandContext): void {
  describeCommand(program.command('submit'), HELP)
    .argument('[results...]', 'the folders of runs')
    .addOption(
      new Option('--origin <name>', 'who submits, as KernelCI knows you')
        .argParser(originOf)
        .default('sub1m'),
    )
    .addOption(
      new Option('--wait <seconds>', 'how long to try if the server is out of order')
        .argParser(positive(Number.isFinite))
        .default(120),
    )
    .addOption(
      new Option('--spool <folder>', 'where documents wait').default(
        undefined,
        '~/.local/state/sub1m/kcidb',
      ),
    )
    .action((results: string[], options: SubmitCommandOptions) =>
      submit(results, options, context),
    );
}

async function submit(
  results: readonly string[],
  { origin, wait, ...options }: SubmitCommandOptions,
  context: CommandContext,
): Promise<void> {
  const { spool = join(context.environment.stateDir, 'kcidb') } = options;
  if (results.length > 0) readyToJudge();
  const { submitRuns } = await import('../../runner/submit/submit-runs.ts');
  const { environment, signal, log } = context;
  const submitted = await submitRuns(results, {
    address: environment.kcidbRest,
    origin,
    spoolFolder: spool,
    limitMs: wait * 1000,
    signal,
    log,
  });
  const { host, sent, rejected, left, notJudged } = submitted;
  for (const { folder, why } of notJudged) log.warn(`not judged: ${folder}: ${why}`);
  for (const path of rejected) log.warn(`refused: ${path}, and why in ${path}.why`);
  if (left) log.warn(`${counted(left.count, 'document')} left in ${spool}: ${host}: ${left.why}`);
  await writeStdout(
    `${counted(sent, 'document')} sent to ${host}, ${rejected.length} refused, ${left?.count ?? 0} left\n`,
  );
  context.exit(endOf(submitted));
}

function endOf({ rejected, left, notJudged }: SubmittedRuns): End {
  return firstEnd([
    rejected.length > 0 ? 'data' : 'done',
    left === null ? 'done' : 'host',
    ...notJudged.map(({ end }) => end),
  ]);
}

function originOf(text: string): string {
  if (/^[a-z0-9_]+$/.test(text)) return text;
  throw new InvalidArgumentError('Expected small letters, digits and _.');
}
