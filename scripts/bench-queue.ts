// SPDX-License-Identifier: MIT
/**
 * What a queue costs: cells that only sleep, on a Redis server of its own.
 *
 *   node --import ./harness/process/typescript.mjs scripts/bench-queue.ts [most cells] [plot.svg]
 *
 * Prints how much faster 4 workers are than one, and for 64 workers what a cell costs and how much memory is used, for
 * more and more cells; needs redis-server.
 */
import { setMaxListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connectQueue } from '../harness/queue/connect.ts';
import { parseQueueAddress } from '../harness/queue/queue-address.ts';
import type { AskedRun } from '../harness/queue/ask.ts';
import { NEEDS, askedCells, askedRun } from '../harness/queue/testing/asked-cells.ts';
import { startRedis } from '../harness/queue/testing/redis-server.ts';
import { sleeper } from '../harness/queue/testing/sleeping-worker.ts';
import { workOn } from '../harness/queue/work.ts';
import { silentLog } from '../harness/log.ts';
import { type QueueSample, queuePlot } from './queue-plot.ts';

const [, , given = '40000', plot] = process.argv;
const WORKERS = 64;
const COUNTS = [1000, 2000, 5000, 10_000, 20_000, 40_000] as const;

/** Runs so many cells with so many workers of one machine each; gives seconds, and MiB of this process and the server. */
async function measure(workers: number, cells: number, ms: number) {
  await using redis = await startRedis();
  await using server = await connectQueue(parseQueueAddress(redis.url), silentLog);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let answered = 0;
  const { run } = askedRun(server, {
    onAnswer: () => {
      answered += 1;
      return Promise.resolve();
    },
  });
  let isAll = false;
  const putting = putAll(run, cells).finally(() => (isAll = true));
  const working = Promise.all(
    Array.from({ length: workers }, async (_, nr) => {
      await using own = await connectQueue(parseQueueAddress(redis.url), silentLog);
      return await workOn(own, { ...sleeper(`w${nr}`, ms), signal: stop.signal });
    }),
  );
  const startedAt = performance.now();
  await run.answers(() => isAll);
  await putting;
  const seconds = (performance.now() - startedAt) / 1000;
  if (answered !== cells) throw new Error(`Expected ${cells} answers, found ${answered}`);
  const info = await server.client.info('memory');
  const peak = Number(/^used_memory_peak:(\d+)/m.exec(info)?.[1]) / 2 ** 20;
  stop.abort();
  await working;
  await run[Symbol.asyncDispose]();
  return { seconds, node: process.memoryUsage().rss / 2 ** 20, redis: peak };
}

/** Puts cells as a run does: some at a time, made when they are put. */
async function putAll(run: AskedRun, cells: number): Promise<void> {
  for (let from = 0; from < cells; from += 250) {
    await run.put(askedCells(Math.min(250, cells - from), NEEDS, from));
  }
}

const [one, four] = [await measure(1, 100, 100), await measure(4, 400, 100)];
const faster = (400 / four.seconds / (100 / one.seconds)).toFixed(2);
console.log(`cells of 100 ms: 4 workers are ${faster} times as fast as one`);
console.log('cells  seconds  ms of all for a cell  MiB here  MiB at most on the server');
const samples: QueueSample[] = [];
for (const cells of COUNTS.filter((count) => count <= Number(given))) {
  const { seconds, node, redis } = await measure(WORKERS, cells, 0);
  const ms = (seconds * 1000) / cells;
  console.log(
    [cells, seconds.toFixed(1), ms.toFixed(2), node.toFixed(0), redis.toFixed(0)].join('  '),
  );
  samples.push({ cells, ms, nodeMiB: node, serverMiB: redis });
}
if (plot !== undefined) writeFileSync(plot, queuePlot(WORKERS, samples));
