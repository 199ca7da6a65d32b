// SPDX-License-Identifier: MIT
/**
 * `npm run -s soak -- --cells 1000`: one run of many cells, half of which crash, while other work comes and goes on the
 * host. Exits with 1 unless every verdict is `match` and sub1m itself needs no more at the end than it did before.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, readdir, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { positive } from '../harness/cli/run-options.ts';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { projectPath } from '../harness/project-root.ts';
import { type SoakSample, growthOf, soakPlot, withoutHeld } from './soak-plot.ts';

/** Between two samples, ms. */
const SAMPLE_MS = 5_000;

/** How long each pressure lasts, ms, and how many busy loops each is. */
const PRESSURE_MS = 60_000;
const PRESSURES = [0, 4, 1, 2] as const;

/** How much more sub1m may take in the last quarter of the run than in the second, but for what it holds for its reports. */
const GROWTH_LIMIT = 1.25;

const options = new Command('npm run -s soak --')
  .option('--cells <n>', 'how many cells', positive(Number.isInteger), 1000)
  .option('--jobs <n>', 'cells at once', positive(Number.isInteger), 2)
  .option('--out <folder>', 'where samples.json and soak.svg go', projectPath('dist/soak'))
  .parse()
  .opts<{ readonly cells: number; readonly jobs: number; readonly out: string }>();

/** A matrix of `cells` cells; the kernels ignore the parameter that tells them apart. */
function matrixOf(cells: number): object {
  const axes = Array.from({ length: Math.ceil(cells / 4) }, (_, n) => ({
    kernel: ['debian:6.12'],
    layout: ['stock', 'thread-2021'],
    crashkernel: [null, '256M'],
    vmcore: ['none'],
    append: [`sub1m.soak=${n}`],
  }));
  return { schema: 1, axes };
}

/** What a process takes now, and what the host has left. */
async function sample(pid: number, busy: number, startedAt: number): Promise<SoakSample> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const rss = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN);
  const { bavail, bsize } = await statfs(tmpdir());
  const own = (await readdir(tmpdir())).filter((name) => name.startsWith(`sub1m-${pid}-`));
  return {
    seconds: Math.round((performance.now() - startedAt) / 1000),
    rssMiB: Math.round(rss / 1024),
    descriptors: (await readdir(`/proc/${pid}/fd`)).length,
    folders: own.length,
    freeDiskMiB: Math.floor((bavail * bsize) / 2 ** 20),
    busy,
  };
}

/** Busy loops that come and go. */
class Pressure implements Disposable {
  readonly #loops: ChildProcess[] = [];

  set(count: number): void {
    while (this.#loops.length > count) this.#loops.pop()?.kill('SIGKILL');
    while (this.#loops.length < count) this.#loops.push(spawn('sh', ['-c', 'while :; do :; done']));
  }

  [Symbol.dispose](): void {
    this.set(0);
  }
}

async function soak(): Promise<number> {
  await using temp = await makeTempDir();
  const matrix = join(temp.path, 'soak.json');
  await writeFile(matrix, JSON.stringify(matrixOf(options.cells)));
  const results = join(temp.path, 'results');
  const run = spawn(
    process.execPath,
    [
      projectPath('dist/cli/start.cjs'),
      'run',
      matrix,
      '--jobs',
      String(options.jobs),
      '--results',
      results,
      '--json',
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let printed = '';
  run.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString();
  });
  const ended = once(run, 'close');
  // Ctrl-C ends the run, and what there is of it is looked at.
  process.once('SIGINT', () => run.kill('SIGINT'));
  const samples: SoakSample[] = [];
  const startedAt = performance.now();
  using pressure = new Pressure();
  while (run.exitCode === null && run.signalCode === null) {
    const turn = Math.floor((performance.now() - startedAt) / PRESSURE_MS);
    const busy = PRESSURES[turn % PRESSURES.length] ?? 0;
    pressure.set(busy);
    // The run may end meanwhile.
    const taken = await sample(run.pid ?? 0, busy, startedAt).catch(() => undefined);
    if (taken && Number.isFinite(taken.rssMiB)) samples.push(taken);
    await Promise.race([ended, delay(SAMPLE_MS)]);
  }
  await ended;
  return await report(printed, samples);
}

/** A cell of the run's document. */
interface SoakCell {
  readonly id: string;
  readonly verdict: { readonly kind: string; readonly code?: string };
}

async function report(printed: string, samples: readonly SoakSample[]): Promise<number> {
  const { cells: all } = JSON.parse(printed) as { cells: SoakCell[] };
  const cells = all.filter(({ verdict }) => verdict.code !== 'E_INTERRUPTED');
  const others = cells.filter(({ verdict }) => verdict.kind !== 'match');
  await mkdir(options.out, { recursive: true });
  await writeFile(
    join(options.out, 'samples.json'),
    `${JSON.stringify({ cells: cells.length, samples })}\n`,
  );
  await writeFile(join(options.out, 'soak.svg'), soakPlot(cells.length, samples));
  const own = withoutHeld(cells.length, samples);
  const grown = (['rssMiB', 'descriptors', 'folders'] as const)
    .map((what) => ({ what, growth: growthOf(own.map((one) => one[what])) }))
    .filter(({ growth }) => growth > GROWTH_LIMIT);
  for (const { id, verdict } of others) process.stdout.write(`${id}: ${verdict.kind}\n`);
  for (const { what, growth } of grown) process.stdout.write(`${what} grew by ${growth}\n`);
  process.stdout.write(
    `${cells.length} cells: ${others.length} other than match; ${options.out}\n`,
  );
  return others.length === 0 && grown.length === 0 ? 0 : 1;
}

process.exitCode = await soak();
