// SPDX-License-Identifier: MIT
/** Runs and workers on a real server; the cells only sleep. */
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { sha256 } from '../process/file-hash.ts';
import type { QueueServer } from './connect.ts';
import { Registry } from './registry.ts';
import { NEEDS, OFFER, VERSIONS, askedCells, askedRun } from './testing/asked-cells.ts';
import { type RedisServer, connectTo, startRedis } from './testing/redis-server.ts';
import { sleeper } from './testing/sleeping-worker.ts';
import { type WorkerOptions, workOn } from './work.ts';

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

const OTHER = { ...VERSIONS, code: sha256('other code') };

/** Workers that sleep, until `stop` is called; with how many cells each ran. */
function startWorkers(options: readonly Partial<WorkerOptions>[], ms = 5) {
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

const all = (): boolean => true;

describe('a run on a queue', () => {
  it('gets one answer for each cell, from several workers, and leaves nothing', async () => {
    const { run, answers } = askedRun(server);
    const workers = startWorkers([{}, {}, {}]);
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
    const workers = startWorkers([{}]);
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
    const workers = startWorkers([{ perform }]);
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
    const others = startWorkers([{}]);
    await again.put(askedCells(5));
    await again.answers(all);
    expect([late.size, await others.stop()]).toEqual([5, [5]]);
  });

  it('shares workers with another, whatever their sizes, and lets the more urgent go first', async () => {
    const order: string[] = [];
    const perform: WorkerOptions['perform'] = ({ id }) => {
      order.push(id);
      return Promise.resolve({ kind: 'bundle', sha256: sha256('x'), bytes: 1 });
    };
    const ask = async (key: string, count: number, priority: number): Promise<void> => {
      const { run } = askedRun(server, { run: { key, name: key, priority } });
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

describe('a worker', () => {
  it('gets only cells that fit, beside those that it runs', async () => {
    const most = { running: 0, now: 0 };
    const seen: number[] = [];
    const perform: WorkerOptions['perform'] = async ({ spec }) => {
      most.now += 1;
      most.running = Math.max(most.running, most.now);
      seen.push(spec.cpus);
      await delay(20);
      most.now -= 1;
      return { kind: 'bundle', sha256: sha256('x'), bytes: 1 };
    };
    const { run } = askedRun(server);
    const of = (nr: number, needs: Partial<typeof NEEDS>) => ({
      ...askedCells(nr + 1)[nr],
      needs: { ...NEEDS, ...needs },
    });
    const cells = [
      of(0, { kvm: true }),
      of(1, { cpus: 8 }),
      ...[2, 3, 4, 5].map((nr) => of(nr, {})),
    ];
    await run.put(cells as Parameters<typeof run.put>[0]);
    const offer = { ...OFFER, machines: 9, cpus: 2 };
    expect(await workOn(server, { ...sleeper('w', 0), perform, offer, drain: true })).toBe(4);
    expect(most.running).toBe(2);
    await run[Symbol.asyncDispose]();
  });

  it('answers that a job is none, with why, and does not run it', async () => {
    const { run, answers } = askedRun(server);
    await using asked = run;
    const [cell] = askedCells(1);
    const payload = { ...cell?.payload, id: '../../etc', extra: 1 };
    await asked.put([{ ...cell, payload }] as unknown as Parameters<typeof run.put>[0]);
    const workers = startWorkers([{}]);
    await asked.answers(all);
    await workers.stop();
    expect([...answers.values()]).toEqual([
      [
        {
          kind: 'untold',
          code: 'E_FORMAT',
          message: 'Cannot read a cell of the queue: id: expected a plain name',
          worker: 'w0',
        },
      ],
    ]);
  });

  it('leaves alone a job that is no JSON, says so once, and runs the others', async () => {
    const { run, answers } = askedRun(server);
    await using asked = run;
    await asked.put(askedCells(3));
    const [key = ''] = await server.client.keys(`sub1m:bull:*:${askedCells(1)[0]?.job}`);
    await server.client.hset(key, 'data', '{"schema":');
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    const workers = startWorkers([{ log }]);
    void asked.answers(all).catch(() => {});
    await expect.poll(() => answers.size).toBe(2);
    await delay(300);
    await workers.stop();
    expect(warnings).toEqual([expect.stringMatching(/ has a job that is no JSON$/)]);
  });

  it('gives a cell back when it is stopped, and another runs it', async () => {
    const { run, answers } = askedRun(server);
    await using asked = run;
    await asked.put(askedCells(1));
    const slow = startWorkers([{}], 60_000);
    await expect.poll(() => server.client.keys('*:lock')).toHaveLength(1);
    await slow.stop();
    const fast = startWorkers([{ id: 'other' }]);
    await asked.answers(all);
    await fast.stop();
    expect([...answers.values()]).toMatchObject([[{ kind: 'bundle', worker: 'other' }]]);
  });

  it('does not take a renewal behind its answer for a lease that is lost', async () => {
    const CELLS = 40;
    const { run, answers } = askedRun(server);
    await using asked = run;
    await asked.put(askedCells(CELLS));
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    const offer = { ...OFFER, machines: CELLS };
    // Each cell ends when its lease is to be renewed: every 500 ms, and a little later each time.
    const workers = startWorkers([{ leaseMs: 2000, offer, log }], 1000);
    await asked.answers(all);
    expect([await workers.stop(), answers.size, warnings]).toEqual([[CELLS], CELLS, []]);
  });

  it('ends when it is drained, after the cells that it runs', async () => {
    const { run, answers } = askedRun(server);
    await run.put(askedCells(3));
    const workers = startWorkers([{ leaseMs: 2000 }], 1500);
    await expect.poll(() => server.client.keys('*:lock')).toHaveLength(1);
    await new Registry(server, silentLog).drain('w0');
    expect(await workers.ended).toEqual([1]);
    expect(answers.size).toBe(0);
    await run[Symbol.asyncDispose]();
  });

  it('refuses runs of another sub1m, and they it', async () => {
    const { run } = askedRun(server, { versions: OTHER });
    await run.put(askedCells(1));
    const refusal = workOn(server, sleeper('w', 0));
    await expect(refusal).rejects.toThrow(UsageError);
    await expect(refusal).rejects.toThrow(/expected runs of sub1m 0\.1\.0 .*, found run of sub1m/);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    const { run: ours, answers } = askedRun(server, { run: { key: 'b', name: 'b', priority: 0 } });
    await ours.put(askedCells(1));
    const workers = startWorkers([{ log }]);
    await ours.answers(all);
    expect(answers.size).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(/^cells of run are left to others: /)]);
    await expect(run.requireSame()).rejects.toThrow(/expected workers of .*, found w0 of sub1m/);
    await workers.stop();
    await run[Symbol.asyncDispose]();
    await ours[Symbol.asyncDispose]();
  });
});
