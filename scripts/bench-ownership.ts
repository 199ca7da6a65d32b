// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CellSpec, cellSpecSchema } from '../harness/bundle/cell-record.ts';
import type { CellHost } from '../harness/cell/cell-host.ts';
import { requireKernel } from '../harness/kernel/require-kernel.ts';
import { expand } from '../harness/matrix/expand.ts';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { requireHost } from '../harness/runner/host.ts';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import type { BareJob } from './bare-cell.ts';
import { type BenchOptions, runHarnessCell } from './bench-cell.ts';
import { median } from './time-command.ts';

/** What makes cells faster, and the cell that does without it. */
const SHORTCUTS: Readonly<Record<string, Partial<CellSpec>>> = {
  'all shortcuts': {},
  'no saved firmware': { freshFirmware: true },
};

/** Machines at a time, and cells of each kind in a round. */
const [MACHINES, CELLS] = [2, 6] as const;

/** One round of cells of one kind. */
interface Round {
  readonly cellsPerMinute: number;
  /** Processor time of a cell's machine, in seconds: a busy host changes it little. */
  readonly cpuSeconds: number;
}

/**
 * `npm run bench -- ownership`: how many cells that only look at ownership run in a minute, two at a time, with all
 * shortcuts and without each. All kinds run in turn; the answer is their medians in this one run.
 */
export async function benchOwnership(
  { json, rounds, kernel: ref = 'debian:6.12' }: BenchOptions,
  context: RunnerContext,
): Promise<number> {
  const { environment, signal, log } = context;
  const host = await requireHost(context, { budget: 4 });
  const kernel = await requireKernel(ref, { ...environment, signal, log });
  const kinds = Object.entries(SHORTCUTS).map(([name, without]) => {
    const [cell] = expand({ kernel: [ref], trigger: ['none'], vmcore: ['none'] });
    const spec = cellSpecSchema.parse({ ...cell?.spec, ...without });
    return { name, spec, found: [] as Round[] };
  });
  for (let round = 1; round <= rounds; round++) {
    for (const { name, spec, found } of kinds) {
      const one = await runRound({ spec, kernel }, host, signal);
      found.push(one);
      log.info(`round ${round}, ${name}: ${one.cellsPerMinute} cells a minute`);
    }
  }
  const { kind } = await host.accelerator({ accel: 'auto', ovmf: 'host' });
  const measured = kinds.map(({ name, found }) => ({
    name,
    cellsPerMinute: median(found.map(({ cellsPerMinute }) => cellsPerMinute)),
    cpuSeconds: median(found.map(({ cpuSeconds }) => cpuSeconds)),
  }));
  const about = { kernel: kernel.release, accel: kind, machines: MACHINES, rounds };
  const words = measured.map(
    ({ name, cellsPerMinute, cpuSeconds }) =>
      `${name}: ${cellsPerMinute} cells a minute, ${cpuSeconds} s of processor time each (medians)\n`,
  );
  const document = { schema: 1, bench: 'ownership', ...about, measured };
  process.stdout.write(json ? `${JSON.stringify(document)}\n` : words.join(''));
  return 0;
}

async function runRound(
  job: Omit<BareJob, 'folder'>,
  host: CellHost,
  signal: AbortSignal,
): Promise<Round> {
  await using temp = await makeTempDir();
  const [startedAt, cpuBefore] = [performance.now(), childrenCpuSeconds()];
  const queue = Array.from({ length: CELLS }, (_, nr) => join(temp.path, `cell-${nr}`)).values();
  const work = async (): Promise<void> => {
    for (const folder of queue) await runHarnessCell({ ...job, folder }, host, signal);
  };
  await Promise.all(Array.from({ length: MACHINES }, work));
  const minutes = (performance.now() - startedAt) / 60_000;
  return {
    cellsPerMinute: rounded(CELLS / minutes),
    cpuSeconds: rounded((childrenCpuSeconds() - cpuBefore) / CELLS),
  };
}

/** Ticks of proc_pid_stat(5), and which of its fields after the name are the times of children that have ended. */
const [TICKS_PER_SECOND, CUTIME, CSTIME] = [100, 13, 14] as const;

function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[CUTIME]) + Number(fields[CSTIME])) / TICKS_PER_SECOND;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
