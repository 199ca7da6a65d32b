// SPDX-License-Identifier: MIT
/** Runs and workers on a real server; the cells only sleep. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../errors.ts';
import { sha256 } from '../process/file-hash.ts';
import type { QueueServer } from './connect.ts';
import { NEEDS, askedCells, askedRun } from './testing/asked-cells.ts';
import { type RedisServer, connectTo, startRedis } from './testing/redis-server.ts';
import { sleeper, startWorkers } from './testing/sleeping-worker.ts';
import { workOn } from './work.ts';
import type { WorkerOptions } from './worker-options.ts';

let redis: RedisServer;
let server: QueueServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});
beforeEach(async () => {
  server = await connectTo(redis);
});
afterEach(async () => {
  await server.client.flushall();
  await server[Symbol.asyncDispose]();
});

const all = (): boolean => true;

describe('a run on a queue', () => {
  it('gets one answer for each cell, from several workers, and leaves nothing', async () => {
    const { run, answers } = askedRun(server);
    const workers = startWorkers(server, [{}, {}, {}]);
    {
      await using asked = run;
      await asked.put(askedCells(40));
      await asked.answers(all);
    }
    const done = await workers.stop();
    expect([...answers.values()].map((some) => some.length)).toEqual(Array(40).fill(1));
    expect(done.reduce((sum, one) => sum + one, 0)).toBe(40);
    expect(Math.min(...done)).toBeGreaterThan(5);
    const keys = await server.client.keys('*');
    expect(keys.filter((key) => !key.includes(':stalled-check'))).toEqual([]);
  });

  it('finds what was answered while nobody asked, and puts no cell twice', async () => {
    const cells = askedCells(6);
    const workers = startWorkers(server, [{}]);
    // As if it were killed: it is not disposed of.
    const { run: killed } = askedRun(server);
    await killed.put(cells);
    await expect.poll(() => server.client.keys('*:completed')).toHaveLength(1);
    const { run, answers } = askedRun(server);
    await using asked = run;
    await asked.put(cells);
    await asked.answers(all);
    expect([...answers.values()].map((some) => some.length)).toEqual(Array(6).fill(1));
    expect(await workers.stop()).toEqual([6]);
  });

  it('tells workers within seconds that it was interrupted, and they run nothing more of it', async () => {
    const stopped: number[] = [];
    let started = 0;
    const perform: WorkerOptions['perform'] = async (_, { signal }) => {
      started += 1;
      await delay(60_000, undefined, { signal }).catch(() => {
        stopped.push(performance.now());
      });
      throw new Error('stopped');
    };
    const workers = startWorkers(server, [{ perform }]);
    const controller = new AbortController();
    const { run, answers } = askedRun(server, { signal: controller.signal });
    await run.put(askedCells(5));
    await expect.poll(() => started).toBe(1);
    controller.abort();
    const cancelledAt = performance.now();
    await expect(run.answers(all)).rejects.toThrow(InterruptedError);
    await run[Symbol.asyncDispose]();
    await expect.poll(() => stopped.length, { interval: 20 }).toBe(1);
    expect((stopped[0] ?? Infinity) - cancelledAt).toBeLessThan(5000);
    await delay(500);
    expect([started, answers.size]).toEqual([1, 0]);
    await workers.stop();
    // It may be asked again.
    const { run: second, answers: late } = askedRun(server);
    await using again = second;
    const others = startWorkers(server, [{}]);
    await again.put(askedCells(5));
    await again.answers(all);
    expect([late.size, await others.stop()]).toEqual([5, [5]]);
  });

  it('has no more cells of a kind on the server than some, and others beside them', async () => {
    const stop = new AbortController();
    const { run, answers } = askedRun(server, { signal: stop.signal });
    await using asked = run;
    const lengthOf = async (line: string): Promise<number> => {
      const [key = 'none'] = await server.client.keys(`sub1m:bull:*.${line}-*:wait`);
      return server.client.llen(key);
    };
    // Nobody has KVM: those cells wait, and hold up no others.
    const putting = [{ kvm: true }, { kvm: false }].map(({ kvm }, nr) =>
      asked.put(askedCells(2300, { ...NEEDS, kvm }, nr * 5000)),
    );
    await expect.poll(() => lengthOf('kvm'), { timeout: 20_000 }).toBe(2000);
    await expect.poll(() => lengthOf('any'), { timeout: 20_000 }).toBe(2000);
    const workers = startWorkers(server, [{}, {}], 0);
    const answering = asked.answers(() => false);
    await expect.poll(() => answers.size, { timeout: 50_000 }).toBe(2300);
    expect(await lengthOf('kvm')).toBe(2000);
    stop.abort();
    await expect(answering).rejects.toThrow(InterruptedError);
    await Promise.all([...putting, workers.stop()]);
  });

  it('shares workers with another, whatever their sizes, and lets the more urgent go first', async () => {
    const order: string[] = [];
    const perform: WorkerOptions['perform'] = ({ id }) => {
      order.push(id);
      return Promise.resolve({ kind: 'bundle', sha256: sha256('x'), bytes: 1 });
    };
    const ask = async (key: string, count: number, priority: number): Promise<void> => {
      const { run } = askedRun(server, { run: { key, name: key, priority, cells: count } });
      const cells = askedCells(count);
      await run.put(
        cells.map((cell) => ({ ...cell, payload: { ...cell.payload, id: `${key}-${cell.job}` } })),
      );
    };
    await ask('large', 200, 1);
    await ask('small', 20, 1);
    await ask('urgent', 10, 0);
    await workOn(server, { ...sleeper('w', 0), perform, drain: true });
    const placesOf = (key: string): number[] =>
      order.flatMap((id, place) => (id.startsWith(key) ? [place] : []));
    expect(placesOf('urgent')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Each draws with the same chance: 20 of the small one are among some 40.
    expect(placesOf('small').at(-1)).toBeLessThan(100);
    expect(order).toHaveLength(230);
  });
});
