// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { startRedis } from '../queue/testing/redis-server.ts';
import { runKilledQueue, smallCells } from '../testing/killed-queue.ts';
import { runSub1m, startSub1m } from '../testing/run-sub1m.ts';
import { buildTwoPhase } from '../testing/source-kernel.ts';

buildTwoPhase();

it(
  'gives the verdicts of a local run, each once, whoever is killed meanwhile',
  { timeout: 900_000 },
  async () => {
    const seen = await runKilledQueue({ cells: 12, workers: 2, kills: 2, lease: 4 });
    expect(seen.status).toBe(0);
    expect(seen.verdicts).toHaveLength(12);
    expect(seen.verdicts).toEqual(seen.local);
    expect(new Set(seen.ended).size).toBe(seen.ended.length);
    expect(seen.orphans).toEqual([]);
    // Of a worker that lost its lease when it had stored its bundle.
    expect(seen.leftInStore).toBeLessThanOrEqual(1);
  },
);

it('leaves a cell unjudged whose kernel the store has damaged, and says so', async () => {
  await using temp = await makeTempDir();
  await using redis = await startRedis();
  const [store, matrix] = [join(temp.path, 'store'), join(temp.path, 'small.json')];
  await mkdir(store);
  await writeFile(matrix, JSON.stringify(smallCells(2)));
  const queue = ['--queue', redis.url, '--store', store];
  const results = join(temp.path, 'results');
  const run = startSub1m(['run', matrix, '--results', results, ...queue]);
  const waiting = async (): Promise<string> =>
    (await runSub1m(['queue', ...queue.slice(0, 2)])).stdout;
  await expect.poll(waiting, { timeout: 60_000 }).toContain('2 waiting; there is no worker');
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
