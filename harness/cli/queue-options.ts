// SPDX-License-Identifier: MIT
import { type Command, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { QueueAddress } from '../queue/queue-address.ts';
import type { QueueServer } from '../queue/connect.ts';
import type { ArtifactStore } from '../queue/folder-store.ts';
import type { RunSettings } from '../runner/run-plan.ts';
import type { CommandContext } from './command-context.ts';
import { GROUPS } from './help.ts';

/** What of a queue a command line names. */
export interface QueueOptions {
  readonly queue?: string;
  readonly store?: string;
}

/** The word that stands for what the environment says. */
const ENVIRONMENT = 'env';

/** Adds the options that name a queue and its store. */
export function addQueueOptions(command: Command, about: string): void {
  command.addOption(queueOption(about)).addOption(storeOption());
}

/** Where the server of a queue is. */
export function queueOption(about: string): Option {
  const option = new Option('--queue <url>', `${about}: a Redis server, or "env" for SUB1M_QUEUE`);
  return option.helpGroup(GROUPS.running);
}

function storeOption(): Option {
  const about = 'the folder that all hosts of the queue share, for kernels, firmware and bundles';
  return new Option('--store <folder>', about).helpGroup(GROUPS.running);
}

/** Reads the address of a queue. Throws `UsageError`; a password on the command line is one: all users see it. */
export async function queueAddress(
  text: string,
  { environment }: Pick<CommandContext, 'environment'>,
): Promise<QueueAddress> {
  // Loaded here: only commands that use a queue need it.
  const { parseQueueAddress } = await import('../queue/queue-address.ts');
  const fromEnvironment = text === ENVIRONMENT;
  if (fromEnvironment && environment.queue === undefined) {
    throw new UsageError(
      'Cannot use the queue of the environment: expected its URL in SUB1M_QUEUE, found none',
    );
  }
  const address = parseQueueAddress(fromEnvironment ? (environment.queue ?? '') : text);
  if (fromEnvironment || !address.hasPassword) return address;
  throw new UsageError(
    `Cannot use the queue ${address.shown}: all users of this host see a password on a command line; ` +
      'set SUB1M_QUEUE to the URL, and give --queue env',
  );
}

/** A queue in use, and its store. */
export interface OpenQueue extends AsyncDisposable {
  readonly server: QueueServer;
  readonly store: ArtifactStore;
}

/** Opens the queue that a command line names. Throws `UsageError` and `QueueError`. */
export async function requireQueue(
  { queue = ENVIRONMENT, store }: QueueOptions,
  context: CommandContext,
): Promise<OpenQueue> {
  const address = await queueAddress(queue, context);
  if (store === undefined) {
    throw new UsageError(
      'Cannot use a queue without a store: expected --store; name a folder that all of its hosts share',
    );
  }
  const { FolderStore } = await import('../queue/folder-store.ts');
  const { connectQueue } = await import('../queue/connect.ts');
  const folder = await FolderStore.open(store);
  const server = await connectQueue(address, context.log);
  return { server, store: folder, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** The same for a command that has cells run, or null if no queue is named. */
export async function openQueue(
  options: QueueOptions & { readonly shareVmcores?: true },
  command: keyof typeof PRIORITIES,
  context: CommandContext,
): Promise<(OpenQueue & Pick<RunSettings, 'scheduler'>) | null> {
  const other = options.queue === undefined ? options.store : options.shareVmcores;
  if (other !== undefined) {
    throw new UsageError(
      options.queue === undefined
        ? 'Cannot use --store without --queue: it is for what workers need'
        : 'Cannot use --share-vmcores with --queue: workers send whole vmcores',
    );
  }
  if (options.queue === undefined) return null;
  const open = await requireQueue(options, context);
  const { queueScheduler } = await import('../runner/queue/queue-scheduler.ts');
  const { server, store } = open;
  const scheduler: RunSettings['scheduler'] = (parts) =>
    queueScheduler({ server, store, priority: PRIORITIES[command] }, parts);
  return { ...open, scheduler };
}

/** Whose cells go first: those with the lower number. Somebody waits for a check; a run may take the night. */
const PRIORITIES = { check: 0, run: 10 } as const;

/** The settings of a run that say where its cells are run. */
export function queueSettings(
  open: Pick<RunSettings, 'scheduler'> | null,
): Pick<RunSettings, 'scheduler'> {
  return open?.scheduler === undefined ? {} : { scheduler: open.scheduler };
}
