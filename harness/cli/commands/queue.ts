// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { renderQueue, renderQueueJson } from '../../report/queue-report.ts';
import { writeStdout } from '../../report/screen.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, describeCommand } from '../help.ts';
import { type QueueOptions, queueAddress, queueOption } from '../queue-options.ts';

const HELP: CommandHelp = {
  summary: 'show the runs and workers of a queue',
  examples: [
    ['what waits, and who works', 'sub1m queue --queue redis://farm:6379/0'],
    ['let all workers end after their cells', 'sub1m queue --queue env --drain'],
  ],
};

interface QueueCommandOptions extends Pick<QueueOptions, 'queue'> {
  readonly drain?: true;
  readonly json?: true;
}

/** `sub1m queue`: what a queue holds. */
export function addQueue(program: Command, context: CommandContext): void {
  describeCommand(program.command('queue'), HELP)
    .addOption(queueOption('the queue, SUB1M_QUEUE unless given'))
    .option('--drain', 'let the workers that there are end after the cells that they run')
    .option('--json', 'print a JSON document')
    .action(async ({ queue = 'env', drain, json }: QueueCommandOptions) => {
      const address = await queueAddress(queue, context);
      const { connectQueue } = await import('../../queue/connect.ts');
      const { readQueue, drainAll } = await import('../../queue/queue-state.ts');
      await using server = await connectQueue(address, context.log);
      if (drain) await drainAll(server, context.log);
      const state = await readQueue(server, context.log);
      await writeStdout(json ? renderQueueJson(state) : renderQueue(state, Date.now()));
    });
}
