// SPDX-License-Identifier: MIT
import { once } from 'node:events';
import type { Command } from 'commander';
import type { QueueView } from '../../queue/queue-view.ts';
import { renderQueue, renderQueueDocument } from '../../report/queue-report.ts';
import { writeStdout } from '../../report/screen.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, describeCommand } from '../help.ts';
import {
  type MetricsOptions,
  type QueueOptions,
  metricsOption,
  queueAddress,
  queueOption,
} from '../queue-options.ts';

const HELP: CommandHelp = {
  summary: 'show the runs and workers of a queue',
  examples: [
    ['what waits, and who works', 'sub1m queue --queue redis://farm:6379/0'],
    ['let all workers end after their cells', 'sub1m queue --queue env --drain'],
    ['tell Prometheus of it, until Ctrl-C', 'sub1m queue --queue env --metrics 9464'],
  ],
};

interface QueueCommandOptions extends Pick<QueueOptions, 'queue'>, MetricsOptions {
  readonly drain?: true;
  readonly json?: true;
}

/** `sub1m queue`: what a queue holds. */
export function addQueue(program: Command, context: CommandContext): void {
  describeCommand(program.command('queue'), HELP)
    .addOption(queueOption('the queue, SUB1M_QUEUE unless given'))
    .option('--drain', 'let the workers that there are end after the cells that they run')
    .addOption(metricsOption('it').conflicts(['json', 'drain']))
    .option('--json', 'print a JSON document')
    .action(async ({ queue = 'env', drain, json, metrics }: QueueCommandOptions) => {
      const address = await queueAddress(queue, context);
      const { connectQueue } = await import('../../queue/connect.ts');
      const { readQueue, drainAll } = await import('../../queue/queue-state.ts');
      const { queueView } = await import('../../queue/queue-view.ts');
      await using server = await connectQueue(address, context.log);
      if (drain) await drainAll(server, context.log);
      const look = async (): Promise<QueueView> =>
        queueView(await readQueue(server, context.log), Date.now());
      if (metrics === undefined) {
        const view = await look();
        await writeStdout(json ? renderQueueDocument(view) : renderQueue(view));
        return;
      }
      const { queueMetrics, serveMetrics } = await import('../../report/metrics.ts');
      await using served = await serveMetrics(metrics, queueMetrics(look));
      context.log.info(`metrics at ${served.url}`);
      if (!context.signal.aborted) await once(context.signal, 'abort');
      context.exit('interrupted');
    });
}
