// SPDX-License-Identifier: MIT
/** Runs on a real server, with workers that are killed, stopped and cut off, and a server that goes down. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { projectPath } from '../project-root.ts';
import { TYPESCRIPT } from '../testing/run-sub1m.ts';
import type { QueueServer } from './connect.ts';
import { resultSchema } from './payload.ts';
import { askedCells, askedRun } from './testing/asked-cells.ts';
import { type RedisServer, connectTo, startRedis } from './testing/redis-server.ts';

let redis: RedisServer;
let server: QueueServer;
const workers = new Map<string, ChildProcess>();
beforeEach(async () => {
  redis = await startRedis();
  server = await connectTo(redis);
});
afterEach(async () => {
  for (const name of workers.keys()) await end(name);
  await server[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

const LEASE_MS = 1500;

function start(name: string, ms: number, deadly = ''): void {
  const program = projectPath('harness/queue/testing/sleeping-worker.ts');
  const args = [redis.url, name, String(ms), String(LEASE_MS), deadly];
  const child = spawn(process.execPath, ['--import', TYPESCRIPT, program, ...args], {
    stdio: 'ignore',
  });
  workers.set(name, child);
}

async function end(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const child = workers.get(name);
  workers.delete(name);
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** The cells that a worker has, by their jobs, as the server says. */
async function heldBy(name: string): Promise<string[]> {
  const held = await server.client.hgetall('sub1m:held:run-1');
  return Object.entries(held).flatMap(([job, holder]) => (holder === name ? [job] : []));
}

it('has one answer for each cell, whoever is killed, stopped or restarted meanwhile', async () => {
  const CELLS = 60;
  const { run, answers } = askedRun(server);
  await using asked = run;
  await asked.put(askedCells(CELLS));
  for (const name of ['a', 'b', 'c', 'd']) start(name, 200);
  const answered = asked.answers(() => true);
  await expect.poll(() => answers.size).toBeGreaterThan(4);

  // Five are killed in the middle of a cell, each of another one.
  const hit = new Set<string>();
  for (let nr = 0; nr < 5; nr += 1) {
    const name = [...workers.keys()][0] ?? '';
    await expect
      .poll(
        async () => {
          const [job] = (await heldBy(name)).filter((one) => !answers.has(one) && !hit.has(one));
          if (job !== undefined) hit.add(job);
          return job;
        },
        { interval: 10 },
      )
      .toBeDefined();
    await end(name);
    start(`more-${nr}`, 200);
  }
  // One is stopped for longer than a lease, and goes on as if nothing had been.
  const [stopped] = [...workers.values()];
  stopped?.kill('SIGSTOP');
  await delay(2 * LEASE_MS);
  stopped?.kill('SIGCONT');
  // The server dies, with what it had on disk, and is away for longer than a lease.
  await delay(1100);
  await redis.kill();
  await delay(2 * LEASE_MS);
  await redis.start();

  await answered;
  expect(answers.size).toBe(CELLS);
  const all = [...answers.values()];
  expect(all.map((some) => some.length)).toEqual(Array(CELLS).fill(1));
  expect(all.flat().map((one) => resultSchema.parse(one).kind)).toEqual(
    Array(CELLS).fill('bundle'),
  );
});

it('sets a cell apart that ended two workers, and runs the others', async () => {
  const { run, answers } = askedRun(server);
  await using asked = run;
  const cells = askedCells(6);
  await asked.put(cells);
  start('a', 10, 'cell-3');
  const answered = asked.answers(() => true);
  for (const name of ['b', 'c']) {
    const last = [...workers.values()].at(-1);
    if (last) await once(last, 'exit');
    start(name, 10, 'cell-3');
  }
  await answered;
  const results = cells.map(({ job }) => resultSchema.parse(answers.get(job)?.[0]));
  expect(results.map(({ kind }) => kind)).toEqual([
    'bundle',
    'bundle',
    'bundle',
    'untold',
    'bundle',
    'bundle',
  ]);
  expect(results[3]).toMatchObject({
    code: 'E_POISON',
    message: expect.stringContaining('2 workers ended while they ran this cell') as string,
  });
});

it('does not blame a cell for a worker that was only out of reach', async () => {
  const { run, answers } = askedRun(server);
  await using asked = run;
  const cells = askedCells(1);
  const isBlamedFor = (name: string): Promise<number> =>
    server.client.sismember(`sub1m:deaths:run-1:${cells[0]?.job ?? ''}`, name);
  await asked.put(cells);
  start('a', 4000);
  const answered = asked.answers(() => true);
  for (let nr = 0; nr < 3; nr += 1) {
    const name = [...workers.keys()].at(-1) ?? '';
    await expect.poll(() => heldBy(name), { interval: 20 }).toHaveLength(1);
    workers.get(name)?.kill('SIGSTOP');
    start(`next-${nr}`, nr === 2 ? 10 : 4000);
    // The last one has it for a moment, and has answered then.
    const taken = async (): Promise<number> => (await heldBy(`next-${nr}`)).length + answers.size;
    await expect.poll(taken, { interval: 20 }).toBe(1);
    workers.get(name)?.kill('SIGCONT');
    // It knows then that it lost the cell, and has said that it lives.
    await expect.poll(() => isBlamedFor(name), { interval: 20 }).toBe(0);
    await end(name);
  }
  await answered;
  expect([...answers.values()].flat().map((one) => resultSchema.parse(one).kind)).toEqual([
    'bundle',
  ]);
});
