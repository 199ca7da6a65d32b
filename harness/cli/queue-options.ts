// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import { CleanupStack } from '../process/cleanup-stack.ts';
import type { QueueAddress } from '../queue/queue-address.ts';
import type { QueueServer } from '../queue/connect.ts';
import type { RunSettings } from '../runner/run-plan.ts';
import type { ArtifactStore } from '../store/artifact-store.ts';
import type { StoreAddress } from '../store/store-address.ts';
import type { CommandContext } from './command-context.ts';
import { GROUPS } from './help.ts';

/** What of a queue a command line names. */
export interface QueueOptions {
  readonly queue?: string;
  readonly store?: string;
}

/** The word that stands for what the environment says, and the variables that say it. */
const ENVIRONMENT = 'env';
const VARIABLES = { queue: 'SUB1M_QUEUE', store: 'SUB1M_STORE' } as const;

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
  const about =
    'where kernels, firmware and bundles are kept for all hosts of the queue: a folder that they share, sftp://, s3://, or ' +
    '"env" for SUB1M_STORE';
  return new Option('--store <place>', about).helpGroup(GROUPS.running);
}

/** Whether metrics are asked for. */
export interface MetricsOptions {
  /** The port. */
  readonly metrics?: number;
}

/** On which port metrics are served. */
export function metricsOption(about: string): Option {
  return new Option('--metrics <port>', `serve ${about} to Prometheus, on 127.0.0.1`)
    .argParser((text) => {
      const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
      if (port <= 65_535) return port;
      throw new InvalidArgumentError('Expected a port, or 0 for any.');
    })
    .helpGroup(GROUPS.running);
}

/** Reads the address of a queue. Throws `UsageError`; a password on the command line is one: all users see it. */
export async function queueAddress(
  text: string,
  { environment }: Pick<CommandContext, 'environment'>,
): Promise<QueueAddress> {
  // Loaded here: only commands that use a queue need it.
  const { parseQueueAddress } = await import('../queue/queue-address.ts');
  return addressOf(text, { what: 'queue', parse: parseQueueAddress, value: environment.queue });
}

/** The same for the store of a queue. */
async function storeAddress(
  text: string,
  { environment }: Pick<CommandContext, 'environment'>,
): Promise<StoreAddress> {
  const { parseStoreAddress } = await import('../store/store-address.ts');
  return addressOf(text, { what: 'store', parse: parseStoreAddress, value: environment.store });
}

interface Naming<T> {
  readonly what: keyof typeof VARIABLES;
  readonly parse: (text: string) => T;
  /** What the environment says. */
  readonly value: string | undefined;
}

function addressOf<T extends { readonly shown: string; readonly hasPassword: boolean }>(
  text: string,
  { what, parse, value }: Naming<T>,
): T {
  const variable = VARIABLES[what];
  const fromEnvironment = text === ENVIRONMENT;
  if (fromEnvironment && value === undefined) {
    throw new UsageError(
      `Cannot use the ${what} of the environment: expected its URL in ${variable}, found none`,
    );
  }
  const address = parse(fromEnvironment ? (value ?? '') : text);
  if (fromEnvironment || !address.hasPassword) return address;
  throw new UsageError(
    `Cannot use the ${what} ${address.shown}: all users of this host see a password on a command line; ` +
      `set ${variable} to the URL, and give --${what} env`,
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
      'Cannot use a queue without a store: expected --store; name a folder that all of its hosts share, or a server',
    );
  }
  const { openStore } = await import('../store/open-store.ts');
  const { patientStore } = await import('../store/patient-store.ts');
  const { connectQueue } = await import('../queue/connect.ts');
  const { environment, signal, log } = context;
  await using opening = new CleanupStack();
  const { sshAgent } = environment;
  const place = await storeAddress(store, context);
  const opened = opening.use(await openStore(place, { sshAgent, signal }));
  const server = opening.use(await connectQueue(address, log));
  const all = opening.move();
  const dispose = (): Promise<void> => all[Symbol.asyncDispose]();
  return { server, store: patientStore(opened, log), [Symbol.asyncDispose]: dispose };
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

/** Whose cells go first: those with the lower number. Somebody waits for a check or a bisection; a run may take the night. */
const PRIORITIES = { bisect: 0, check: 0, run: 10 } as const;

/** The settings of a run that say where its cells are run. */
export function queueSettings(
  open: Pick<RunSettings, 'scheduler'> | null,
): Pick<RunSettings, 'scheduler'> {
  return open?.scheduler === undefined ? {} : { scheduler: open.scheduler };
}
