// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, GROUPS, describeCommand } from '../help.ts';
import { type QueueOptions, addQueueOptions, requireQueue } from '../queue-options.ts';
import { jobsOption } from '../run-options.ts';

const HELP: CommandHelp = {
  summary: 'run cells for "sub1m run --queue", on this host',
  examples: [
    ['for as long as it is there', 'sub1m worker --queue redis://farm:6379/0 --store /srv/sub1m'],
    ['until nothing is left to do', 'sub1m worker --queue env --store /srv/sub1m --drain'],
  ],
  notes: [
    'It may be started and stopped at any time. Ctrl-C gives the cells that it runs back; "sub1m queue --drain" lets it end ' +
      'them first. A worker and the runs that it works for must be the same sub1m.',
    'Exit status: 0 it was drained, 130 interrupted, 64 usage, another sub1m, or a password that is refused, 69 no server.',
  ],
};

interface WorkerOptions extends QueueOptions {
  readonly jobs: number | 'auto';
  readonly drain?: true;
  readonly lease?: number;
}

/** Seconds of a lease: less than a renewal takes would lose it always. */
const LEAST_LEASE = 2;

/** `sub1m worker --queue …`: runs cells of a queue. */
export function addWorker(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('worker'), HELP);
  addQueueOptions(command, 'the queue to work for, SUB1M_QUEUE unless given');
  command
    .optionsGroup(GROUPS.running)
    .addOption(jobsOption())
    .option('--drain', 'end when nothing waits that this worker can do')
    .addOption(
      new Option(
        '--lease <seconds>',
        'how long a worker may be out of reach before others get its cells',
      )
        .argParser(parseLease)
        .default(undefined, '30'),
    );
  command.action(async ({ jobs, drain, lease, ...named }: WorkerOptions) => {
    await using queue = await requireQueue(named, context);
    const { runWorker } = await import('../../runner/queue/run-worker.ts');
    const { server, store } = queue;
    const leases = lease === undefined ? {} : { leaseMs: lease * 1000 };
    const settings = { server, store, jobs, drain: drain === true, ...leases };
    const done = await runWorker(settings, context);
    context.log.info(`ran ${done} cells`);
    context.exit(context.signal.aborted ? 'interrupted' : 'done');
  });
}

function parseLease(text: string): number {
  const seconds = Number(text);
  if (seconds >= LEAST_LEASE && seconds <= 3600) return seconds;
  throw new InvalidArgumentError(`Expected ${LEAST_LEASE} to 3600 seconds.`);
}
