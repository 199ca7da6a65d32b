// SPDX-License-Identifier: MIT
/**
 * A worker that only sleeps for each cell. Run as a program: URL of the server, its name, ms of a cell, ms of a lease, and
 * the id of a cell that ends it.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { silentLog } from '../../log.ts';
import { type QueueServer, connectQueue } from '../connect.ts';
import { parseQueueAddress } from '../queue-address.ts';
import { workOn } from '../work.ts';
import type { WorkerOptions } from '../worker-options.ts';
import { BUNDLE, OFFER, VERSIONS } from './asked-cells.ts';

/** What such a worker is. */
export function sleeper(id: string, ms: number): WorkerOptions {
  return {
    id,
    versions: VERSIONS,
    offer: OFFER,
    perform: async (_, { signal }) => {
      await delay(ms, undefined, { signal });
      return BUNDLE;
    },
    drain: false,
    signal: new AbortController().signal,
    log: silentLog,
  };
}

/** Workers that sleep, until `stop` is called; with how many cells each ran. */
export function startWorkers(
  server: QueueServer,
  options: readonly Partial<WorkerOptions>[],
  ms = 5,
): { readonly ended: Promise<number[]>; readonly stop: () => Promise<number[]> } {
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  const ended = Promise.all(
    options.map((one, nr) => workOn(server, { ...sleeper(`w${nr}`, ms), signal, ...one })),
  );
  const stop = async (): Promise<number[]> => {
    controller.abort();
    return ended;
  };
  return { ended, stop };
}

const [, program = '', url = '', name = '', ms = '', leaseMs = '', deadly = ''] = process.argv;
if (import.meta.url === pathToFileURL(program).href) {
  await using server = await connectQueue(parseQueueAddress(url), silentLog);
  const options = { ...sleeper(name, Number(ms)), leaseMs: Number(leaseMs) };
  const perform: WorkerOptions['perform'] = (payload, tools) => {
    if (payload.id === deadly) process.kill(process.pid, 'SIGKILL');
    return options.perform(payload, tools);
  };
  await workOn(server, { ...options, perform });
}
