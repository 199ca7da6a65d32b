// SPDX-License-Identifier: MIT
import { Redis } from 'ioredis';
import { QueueError, UsageError, messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { QueueAddress } from './queue-address.ts';

/** A connection to the server of a queue; disposed of when it is not needed. */
export interface QueueServer extends AsyncDisposable {
  readonly client: Redis;
  /** As messages name it. */
  readonly shown: string;
}

/** Milliseconds that a server may take to answer the first time, and at most between tries once it was there. */
const CONNECT_MS = 10_000;
const RETRY_MS = 1000;

/** What a server says that does not let us in. */
const REFUSALS = /^(?:WRONGPASS|NOAUTH|NOPERM)|AUTH|invalid password/;

/**
 * Connects to a server. Throws `QueueError` if there is none, `UsageError` if it does not let us in. Later it may go away
 * and come back: commands wait for it.
 */
export async function connectQueue(
  { server, db, username, password, tls, shown }: QueueAddress,
  log: Log,
): Promise<QueueServer> {
  let wasThere = false;
  const client = new Redis({
    ...server,
    db,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    maxRetriesPerRequest: null,
    retryStrategy: (tries) => (wasThere ? Math.min(tries * 50, RETRY_MS) : null),
  });
  let failure: unknown;
  client.on('error', (error) => {
    failure = error;
  });
  try {
    await client.connect();
    await client.ping();
  } catch (error) {
    client.disconnect();
    throw cannotConnect(shown, failure ?? error);
  }
  wasThere = true;
  watch(client, shown, log);
  return {
    client,
    shown,
    [Symbol.asyncDispose]: () => {
      client.disconnect();
      return Promise.resolve();
    },
  };
}

function cannotConnect(shown: string, cause: unknown): Error {
  const why = messageOf(cause).split('\n')[0] ?? '';
  return REFUSALS.test(why)
    ? new UsageError(
        `Cannot use the queue ${shown}: the server lets nobody in with that user and password; set SUB1M_QUEUE`,
        { cause },
      )
    : new QueueError(`Cannot reach the queue ${shown}: ${why}; start its server`, { cause });
}

/** Says when the server goes away, and when it is back. */
function watch(client: Redis, shown: string, log: Log): void {
  let isAway = false;
  client.on('close', () => {
    if (!isAway && client.status !== 'end') log.warn(`lost the queue ${shown}; waiting for it`);
    isAway = true;
  });
  client.on('ready', () => {
    if (isAway) log.info(`the queue ${shown} is back`);
    isAway = false;
  });
}
