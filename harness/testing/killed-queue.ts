// SPDX-License-Identifier: MIT
/** A run on a queue, with real machines, in which everybody dies once or more; and the same run without any of it. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { silentLog } from '../log.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { type RedisServer, connectTo, startRedis } from '../queue/testing/redis-server.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { JOURNAL } from '../runner/journal.ts';
import type { RunningCommand } from './run-command.ts';
import { MARK, machinesOf, orphansOf, runSub1m, startSub1m } from './run-sub1m.ts';
import { TWO_PHASE } from './source-kernel.ts';

/** How large a run is, and how much befalls it. */
interface Misfortune {
  readonly cells: number;
  readonly workers: number;
  /** Workers that are killed in the middle of a cell, each of another. */
  readonly kills: number;
  /** Seconds. */
  readonly lease: number;
}

/** What came of it. */
interface KilledQueue {
  /** Each cell with its verdict, the outcome of each invariant, and what each page was. */
  readonly verdicts: readonly unknown[];
  /** The same of a run in one process. */
  readonly local: readonly unknown[];
  readonly status: number | null;
  /** The cells that the run noted as ended, in order. */
  readonly ended: readonly string[];
  /** What nobody needs any more: processes, folders of the run. */
  readonly orphans: readonly string[];
  /** Files in the store beside kernel, firmware, variable store and layout. */
  readonly leftInStore: number;
}

/** The matrix: small cells of a kernel that sub1m has built, told apart by a word that the kernel ignores. */
export function smallCells(cells: number): object {
  const append = Array.from({ length: cells / 2 }, (_, nr) => `sub1m.nr=${nr}`);
  const small = { trigger: ['none'], vmcore: ['none'], truth: ['none'] };
  const layout = ['stock', 'thread-2021'];
  return { schema: 1, axes: { kernel: [TWO_PHASE], ...small, layout, append } };
}

function verdictsOf(stdout: string): unknown[] {
  return parseDocument('run', stdout).cells.map(({ id, verdict, invariants, pages }) => [
    id,
    verdict,
    invariants.map((one) => [one.id, one.outcome]),
    pages.map(({ predicted, observed }) => `${predicted} ${observed}`).join(),
  ]);
}

async function endedIn(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, JOURNAL), 'utf8').catch(() => '');
  return [...text.matchAll(/^\{"kind":"end".*?"cell":"([^"]+)"/gm)].map(([, cell = '']) => cell);
}

async function kill({ child, ended }: RunningCommand): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

/** A worker is stopped for longer than its lease: its machine is not left when it goes on. */
async function stopAwhile({ child }: RunningCommand, lease: number): Promise<void> {
  const machines = machinesOf(child.pid);
  child.kill('SIGSTOP');
  await delay(2 * lease * 1000);
  child.kill('SIGCONT');
  const left = (): number[] => machinesOf(child.pid).filter((pid) => machines.includes(pid));
  await expect.poll(left, { timeout: 30_000 }).toEqual([]);
}

/** A worker whose machine runs a cell that no worker has died of, which is noted. */
async function busyWorker(
  redis: RedisServer,
  workers: readonly RunningCommand[],
  hit: Set<string>,
): Promise<RunningCommand> {
  await using server = await connectTo(redis, silentLog);
  let found: RunningCommand | undefined;
  const look = async (): Promise<RunningCommand | undefined> => {
    const [key = 'none'] = await server.client.keys('sub1m:held:*');
    const held = Object.entries(await server.client.hgetall(key));
    for (const worker of workers) {
      const { pid } = worker.child;
      const job = held.find(([, holder]) => holder.includes(`-${pid}-`))?.[0];
      if (machinesOf(pid).length === 0 || job === undefined || hit.has(job)) continue;
      hit.add(job);
      return (found = worker);
    }
    return undefined;
  };
  await expect.poll(look, { timeout: 240_000, interval: 50 }).toBeDefined();
  return found as RunningCommand;
}

/** Runs it. */
export async function runKilledQueue(asked: Misfortune): Promise<KilledQueue> {
  await using temp = await makeTempDir();
  await using redis = await startRedis();
  const [store, matrix, results] = ['store', 'small.json', 'results'].map((name) =>
    join(temp.path, name),
  ) as [string, string, string];
  await mkdir(store);
  await writeFile(matrix, JSON.stringify(smallCells(asked.cells)));
  const mark = { [MARK]: temp.path };
  const queue = ['--queue', redis.url, '--store', store];
  const work = ['worker', ...queue, '--jobs', '1', '--lease', String(asked.lease)];
  const start = (args: readonly string[]): RunningCommand => startSub1m(args, mark);

  const run = start(['run', matrix, '--results', results, ...queue]);
  const workers = Array.from({ length: asked.workers }, () => start(work));
  const hit = new Set<string>();
  const busy = (): Promise<RunningCommand> => busyWorker(redis, workers, hit);
  for (let nr = 0; nr < asked.kills; nr += 1) {
    const least = Math.floor((nr * asked.cells) / (2 * asked.kills));
    const isThere = async (): Promise<boolean> => (await endedIn(results)).length >= least;
    await expect.poll(isThere, { timeout: 600_000, interval: 200 }).toBe(true);
    const victim = await busy();
    workers.splice(workers.indexOf(victim), 1, start(work));
    await kill(victim);
  }
  await stopAwhile(await busy(), asked.lease);
  // The one who asks is killed, and goes on; meanwhile the server dies and comes back.
  await kill(run);
  await redis.kill();
  await redis.start();
  const { stdout, status } = await start(['run', '--resume', results, '--json', ...queue]).ended;
  await runSub1m(['queue', '--queue', redis.url, '--drain']);
  const ends = await Promise.all(workers.map(({ ended }) => ended));
  expect(ends.map((end) => end.status)).toEqual(workers.map(() => 0));

  const stored = (await readdir(store, { recursive: true })).filter((name) => name.includes('/'));
  const unfinished = (await readdir(results)).filter((name) => name.startsWith('.unfinished'));
  const orphans = [...unfinished, ...(await orphansOf(temp.path))];
  const alone = ['run', matrix, '--json', '--results', join(temp.path, 'local')];
  const local = verdictsOf((await runSub1m(alone)).stdout);
  const ended = await endedIn(results);
  return {
    verdicts: verdictsOf(stdout),
    local,
    status,
    ended,
    orphans,
    leftInStore: stored.length - 4,
  };
}
