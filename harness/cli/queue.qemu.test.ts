// SPDX-License-Identifier: MIT
import { readFile, readdir, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { JOURNAL } from '../runner/journal.ts';
import { startRedis } from '../queue/testing/redis-server.ts';
import type { RunningCommand } from '../testing/run-command.ts';
import { MARK, machinesOf, orphansOf, runSub1m, startSub1m } from '../testing/run-sub1m.ts';

const CELLS = 12;
const LEASE = 4;
const MATRIX = {
  schema: 1,
  axes: {
    kernel: ['recipe:two-phase-6.12'],
    trigger: ['none'],
    vmcore: ['none'],
    truth: ['none'],
    layout: ['stock', 'thread-2021'],
    append: Array.from({ length: CELLS / 2 }, (_, nr) => `sub1m.nr=${nr}`),
  },
};

/** Each cell with its verdict and each invariant with its outcome: what must not depend on who ran it. */
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

it(
  'gives the verdicts of a local run, each once, whoever is killed meanwhile',
  { timeout: 900_000 },
  async () => {
    await using temp = await makeTempDir();
    await using redis = await startRedis();
    const [store, matrix] = [join(temp.path, 'store'), join(temp.path, 'small.json')];
    const results = join(temp.path, 'results');
    await mkdir(store);
    await writeFile(matrix, JSON.stringify(MATRIX));
    const mark = { [MARK]: temp.path };
    const queue = ['--queue', redis.url, '--store', store];
    const work = [...queue, '--jobs', '1', '--lease', String(LEASE)];
    const startWorker = (): RunningCommand => startSub1m(['worker', ...work], mark);

    let run = startSub1m(['run', matrix, '--results', results, ...queue], mark);
    const workers = [startWorker(), startWorker()];
    const kill = async ({ child, ended }: RunningCommand): Promise<void> => {
      child.kill('SIGKILL');
      await ended;
    };
    /** A worker while it runs a machine. */
    const busy = async (): Promise<RunningCommand> => {
      let found: RunningCommand | undefined;
      await expect
        .poll(() => (found = workers.find(({ child }) => machinesOf(child.pid).length > 0)), {
          timeout: 120_000,
          interval: 50,
        })
        .toBeDefined();
      return found as RunningCommand;
    };
    // Two workers die, each in the middle of a cell.
    for (let nr = 0; nr < 2; nr += 1) {
      await expect.poll(() => endedIn(results), { timeout: 120_000 }).not.toHaveLength(nr * 3);
      const victim = await busy();
      workers.splice(workers.indexOf(victim), 1, startWorker());
      await kill(victim);
    }
    // One is stopped for longer than its lease: its machine is not left when it goes on.
    const { child: stopped } = await busy();
    const machines = machinesOf(stopped.pid);
    stopped.kill('SIGSTOP');
    await delay(2 * LEASE * 1000);
    stopped.kill('SIGCONT');
    await expect
      .poll(() => machinesOf(stopped.pid).filter((pid) => machines.includes(pid)), {
        timeout: 20_000,
      })
      .toEqual([]);
    // The one who asks is killed, and goes on; meanwhile the server dies and comes back.
    await kill(run);
    await redis.kill();
    await redis.start();
    run = startSub1m(['run', '--resume', results, '--json', ...queue], mark);
    const { stdout, stderr, status } = await run.ended;
    await runSub1m(['queue', '--queue', redis.url, '--drain']);
    const ends = await Promise.all(workers.map(({ ended }) => ended));

    expect(stderr).not.toContain('E_POISON');
    expect(status).toBe(0);
    expect(ends.map((end) => end.status)).toEqual([0, 0]);
    const ended = await endedIn(results);
    expect(new Set(ended).size).toBe(ended.length);
    // Bundles are gone but for those whose sender lost its lease: kernel, firmware, variable store and a layout are left.
    const stored = (await readdir(store, { recursive: true })).filter((name) => name.includes('/'));
    expect(stored.length).toBeGreaterThanOrEqual(4);
    expect(stored.length).toBeLessThanOrEqual(4 + 1);
    expect(await orphansOf(temp.path)).toEqual([]);
    const local = await runSub1m(['run', matrix, '--json', '--results', join(temp.path, 'local')]);
    expect(verdictsOf(stdout)).toHaveLength(CELLS);
    expect(verdictsOf(stdout)).toEqual(verdictsOf(local.stdout));
  },
);

it('leaves a cell unjudged whose kernel the store has damaged, and says so', async () => {
  await using temp = await makeTempDir();
  await using redis = await startRedis();
  const [store, matrix] = [join(temp.path, 'store'), join(temp.path, 'small.json')];
  await mkdir(store);
  const axes = { ...MATRIX.axes, layout: ['stock'], append: [''] };
  await writeFile(matrix, JSON.stringify({ schema: 1, axes }));
  const queue = ['--queue', redis.url, '--store', store];
  const results = join(temp.path, 'results');
  const run = startSub1m(['run', matrix, '--results', results, ...queue]);
  const waiting = async (): Promise<string> =>
    (await runSub1m(['queue', ...queue.slice(0, 2)])).stdout;
  await expect.poll(waiting, { timeout: 60_000 }).toContain('1 waiting; nothing runs');
  const files = (await readdir(store, { recursive: true })).filter((name) => name.includes('/'));
  for (const name of files) await writeFile(join(store, name), 'damaged');
  const env = { XDG_CACHE_HOME: join(temp.path, 'cache') };
  const worker = startSub1m(['worker', ...queue, '--drain', '--jobs', '1'], env);
  const { stderr, status } = await run.ended;
  expect(stderr).toContain('it is damaged: expected sha256');
  expect(status).toBe(69);
  expect((await worker.ended).status).toBe(0);
  // The next run puts it anew.
  const again = startSub1m(['run', matrix, '--results', `${results}-2`, ...queue]);
  const second = startSub1m(['worker', ...queue, '--jobs', '1'], env);
  expect((await again.ended).status).toBe(0);
  second.child.kill('SIGINT');
  expect((await second.ended).status).toBe(130);
});
