// SPDX-License-Identifier: MIT
/** Workers on a real server, and what they take; the cells only sleep. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { sha256 } from '../process/file-hash.ts';
import type { QueueServer } from './connect.ts';
import { Registry } from './registry.ts';
import { BUNDLE, NEEDS, OFFER, VERSIONS, askedCells, askedRun } from './testing/asked-cells.ts';
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

const OTHER = { ...VERSIONS, code: sha256('other code') };

const all = (): boolean => true;

describe('a worker', () => {
  it('gets only cells that fit, beside those that it runs', async () => {
    const most = { running: 0, now: 0 };
    const seen: number[] = [];
    let comes = (): void => {};
    const perform: WorkerOptions['perform'] = async ({ spec }) => {
      most.now += 1;
      most.running = Math.max(most.running, most.now);
      seen.push(spec.cpus);
      // Two are there at a time: each first waits for the second.
      if (seen.length % 2 === 1) await new Promise<void>((second) => (comes = second));
      else comes();
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

  it('begins the next cell while bundles wait for a store that is slow, but not for ever more', async () => {
    const { run, answers } = askedRun(server);
    await using asked = run;
    await asked.put(askedCells(20));
    let begun = 0;
    let isQuick = (): void => {};
    const quick = new Promise<void>((resolve) => (isQuick = resolve));
    const perform: WorkerOptions['perform'] = async (_, { onOff }) => {
      begun += 1;
      onOff();
      await quick;
      return BUNDLE;
    };
    const workers = startWorkers(server, [{ perform }]);
    await expect.poll(() => begun).toBe(9);
    // It has had the time to take more by when it says how many it has.
    const registry = new Registry(server, silentLog);
    const running = async () => (await registry.workers())[0]?.running;
    await expect.poll(running, { timeout: 20_000 }).toBe(9);
    expect([begun, answers.size]).toEqual([9, 0]);
    isQuick();
    await asked.answers(all);
    expect(await workers.stop()).toEqual([20]);
  });

  it('answers that a job is none, with why, and does not run it', async () => {
    const { run, answers } = askedRun(server);
    await using asked = run;
    const [cell] = askedCells(1);
    const payload = { ...cell?.payload, id: '../../etc', extra: 1 };
    await asked.put([{ ...cell, payload }] as unknown as Parameters<typeof run.put>[0]);
    const workers = startWorkers(server, [{}]);
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
    const workers = startWorkers(server, [{ log }]);
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
    const slow = startWorkers(server, [{}], 60_000);
    await expect.poll(() => server.client.keys('*:lock')).toHaveLength(1);
    await slow.stop();
    const fast = startWorkers(server, [{ id: 'other' }]);
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
    const workers = startWorkers(server, [{ leaseMs: 2000, offer, log }], 1000);
    await asked.answers(all);
    expect([await workers.stop(), answers.size, warnings]).toEqual([[CELLS], CELLS, []]);
  });

  it('ends when it is drained, after the cells that it runs', async () => {
    const { run, answers } = askedRun(server);
    await run.put(askedCells(3));
    const workers = startWorkers(server, [{ leaseMs: 2000 }], 1500);
    await expect.poll(() => server.client.keys('*:lock')).toHaveLength(1);
    await new Registry(server, silentLog).drain('w0');
    expect(await workers.ended).toEqual([1]);
    expect(answers.size).toBe(0);
    await run[Symbol.asyncDispose]();
  });

  it('is not drained while cells wait, also if one ends while it looks for the next', async () => {
    const { run } = askedRun(server);
    await using asked = run;
    await asked.put(askedCells(30));
    const own = server.client.hvals.bind(server.client);
    let ends = (): void => {};
    // Each look takes until the cell that runs has ended.
    vi.spyOn(server.client, 'hvals').mockImplementation(async (key) => {
      ends();
      await delay(20);
      return own(key);
    });
    const perform: WorkerOptions['perform'] = async () => {
      await new Promise<void>((end) => (ends = end));
      return BUNDLE;
    };
    expect(await workOn(server, { ...sleeper('w', 0), perform, drain: true })).toBe(30);
  });

  it('refuses runs of another sub1m, and they it', async () => {
    const { run } = askedRun(server, { versions: OTHER });
    await run.put(askedCells(1));
    const refusal = workOn(server, sleeper('w', 0));
    await expect(refusal).rejects.toThrow(UsageError);
    await expect(refusal).rejects.toThrow(/expected runs of sub1m 0\.1\.0 .*, found run of sub1m/);
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    const { run: ours, answers } = askedRun(server, {
      run: { key: 'b', name: 'b', priority: 0, cells: 1 },
    });
    await ours.put(askedCells(1));
    const workers = startWorkers(server, [{ log }]);
    await ours.answers(all);
    expect(answers.size).toBe(1);
    expect(warnings).toEqual([expect.stringMatching(/^cells of run are left to others: /)]);
    await expect(run.requireSame()).rejects.toThrow(/expected workers of .*, found w0 of sub1m/);
    await workers.stop();
    await run[Symbol.asyncDispose]();
    await ours[Symbol.asyncDispose]();
  });
});
