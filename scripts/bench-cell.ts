// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { cellSpecSchema } from '../harness/bundle/cell-record.ts';
import type { CellHost } from '../harness/cell/cell-host.ts';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import { requireHost } from '../harness/runner/host.ts';
import { runAndJudge } from '../harness/runner/run-and-judge.ts';
import { requireKernel } from '../harness/kernel/require-kernel.ts';
import { expand } from '../harness/matrix/expand.ts';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { type BareJob, runBareCell } from './bare-cell.ts';
import { median } from './time-command.ts';

/** What is measured, and how. */
export interface BenchOptions {
  readonly json: boolean;
  readonly rounds: number;
  readonly kernel?: string;
}

/**
 * `npm run bench -- cell`: what the harness adds to a cell. The floor is QEMU alone doing the same boot, load, crash
 * and dump with the same images. Both are run in turn; the answer is the ratio of their medians in this one run.
 */
export async function benchCell(
  { json, rounds, kernel: ref = 'debian:6.12' }: BenchOptions,
  context: RunnerContext,
): Promise<number> {
  const { environment, signal, log } = context;
  const host = await requireHost(context, { budget: 1 });
  const kernel = await requireKernel(ref, { ...environment, signal, log });
  const [cell] = expand({ kernel: [ref], crashkernel: ['256M'] });
  const spec = cellSpecSchema.parse(cell?.spec);
  const bare: number[] = [];
  const harness: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    await using temp = await makeTempDir();
    const job = (name: string): BareJob => ({ spec, kernel, folder: join(temp.path, name) });
    bare.push(await seconds(() => runBareCell(job('bare'), host, signal)));
    harness.push(await seconds(() => runHarnessCell(job('harness'), host, signal)));
    log.info(`round ${round}: QEMU alone ${bare.at(-1)} s, with the harness ${harness.at(-1)} s`);
  }
  const { kind } = await host.accelerator(spec);
  const measured = { kernel: kernel.release, accel: kind, seconds: { bare, harness } };
  const ratio = Number((median(harness) / median(bare)).toFixed(3));
  const document = JSON.stringify({ schema: 1, bench: 'cell', ratio, ...measured });
  const words = `ratio ${ratio}: with the harness ${median(harness)} s, QEMU alone ${median(bare)} s (medians)`;
  process.stdout.write(`${json ? document : words}\n`);
  return 0;
}

/** A cell as `run` does it: machine, evidence and judgement. */
export async function runHarnessCell(
  { spec, kernel, folder }: BareJob,
  host: CellHost,
  signal: AbortSignal,
): Promise<void> {
  const { judgement } = await runAndJudge(
    {
      id: 'bench',
      spec,
      kernel,
      layout: null,
      known: [],
      fault: null,
      folder,
      signal,
      onPhase: () => {},
    },
    host,
  );
  if (judgement.verdict.kind !== 'match') {
    throw new Error(`The cell must match: ${JSON.stringify(judgement.verdict)}`);
  }
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt) / 1000;
}
