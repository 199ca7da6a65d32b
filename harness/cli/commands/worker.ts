// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { Sub1mError } from '../../errors.ts';
import type { WorkerEvent } from '../../queue/worker-options.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, GROUPS, describeCommand } from '../help.ts';
import { jsonLog, writeLine } from '../json-log.ts';
import {
  type MetricsOptions,
  type QueueOptions,
  addQueueOptions,
  metricsOption,
  requireQueue,
} from '../queue-options.ts';
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

interface WorkerOptions extends QueueOptions, MetricsOptions {
  readonly log: 'text' | 'json';
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
  command
    .addOption(metricsOption('what it does'))
    .addOption(
      new Option('--log <kind>', 'how it says what it does, on standard error')
        .choices(['text', 'json'])
        .default('text'),
    );
  command.action(async (options: WorkerOptions) => {
    if (options.log === 'text') await work(options, context);
    else await workInJson(options, { ...context, log: jsonLog });
  });
}

/** The same, where an error is a line of the log, too. */
async function workInJson(options: WorkerOptions, context: CommandContext): Promise<void> {
  try {
    await work(options, context);
  } catch (error) {
    if (!(error instanceof Sub1mError)) throw error;
    writeLine('error', error.message, { code: error.code });
    context.exit(context.signal.aborted ? 'interrupted' : error.end);
  }
}

async function work(options: WorkerOptions, context: CommandContext): Promise<void> {
  const { jobs, drain, lease, metrics, log: _, ...named } = options;
  await using queue = await requireQueue(named, context);
  const { runWorker } = await import('../../runner/queue/run-worker.ts');
  await using served = await serveWorker(metrics, context);
  const { server, store } = queue;
  const leases = lease === undefined ? {} : { leaseMs: lease * 1000 };
  const settings = { server, store, jobs, drain: drain === true, ...leases };
  const done = await runWorker({ ...settings, onEvent: served.onEvent }, context);
  context.log.info(`ran ${done} cells`, { cells: done });
  context.exit(context.signal.aborted ? 'interrupted' : 'done');
}

/** Serves the metrics of a worker, if it is asked to. */
async function serveWorker(
  port: number | undefined,
  { log }: CommandContext,
): Promise<AsyncDisposable & { readonly onEvent: (event: WorkerEvent) => void }> {
  const logEnd = (event: WorkerEvent): void => {
    if (event.kind !== 'end') return;
    const { run, job, end, seconds } = event;
    const fields = { run, job, end, seconds: Number(seconds.toFixed(1)) };
    log.info(`${job.slice(0, 12)} of ${run}: ${end}, after ${seconds.toFixed(1)} s`, fields);
  };
  if (port === undefined) {
    return { onEvent: logEnd, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { serveMetrics, workerMetrics } = await import('../../report/metrics.ts');
  const { registry, onEvent } = workerMetrics();
  const server = await serveMetrics(port, registry);
  log.info(`metrics at ${server.url}`, { url: server.url });
  return {
    onEvent: (event) => {
      onEvent(event);
      logEnd(event);
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function parseLease(text: string): number {
  const seconds = Number(text);
  if (seconds >= LEAST_LEASE && seconds <= 3600) return seconds;
  throw new InvalidArgumentError(`Expected ${LEAST_LEASE} to 3600 seconds.`);
}
