// SPDX-License-Identifier: MIT
import { cellSpecSchema } from '../harness/bundle/cell-record.ts';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import { writeFormats } from '../harness/testing/dump-formats.ts';
import { requireHost } from '../harness/runner/host.ts';
import { requireKernel } from '../harness/kernel/require-kernel.ts';
import { expand } from '../harness/matrix/expand.ts';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { type BenchOptions, runHarnessCell } from './bench-cell.ts';
import { compareAnswers } from './peer-answers.ts';
import { findPeers } from './peer-tools.ts';
import { median } from './time-command.ts';
import { type Row, reportVmcore } from './vmcore-report.ts';
import { type Dumps, timeJob, vmcoreJobs } from './vmcore-jobs.ts';

/** A kernel that crash can read: the small config, with debug information in its vmlinux. */
const KERNEL = 'recipe:debuginfo-6.1';

/** `npm run bench -- vmcore`: how long sub1m and other readers of dumps take on the same dumps, and whether they agree. */
export async function benchVmcore(
  { json, rounds, kernel = KERNEL }: BenchOptions,
  context: RunnerContext,
): Promise<number> {
  await using temp = await makeTempDir();
  const dumps = await makeDumps(kernel, temp.path, context);
  const peers = await findPeers(dumps.compressed, context);
  const jobs = vmcoreJobs(dumps, peers);
  context.log.info(`measuring ${jobs.length} jobs, ${rounds} times each`);
  const rows = measure(jobs, rounds);
  const answers = compareAnswers(dumps, peers);
  reportVmcore({ rows, answers, absent: peers.absent }, json);
  return answers.every(({ same }) => same) ? 0 : 1;
}

/** Crashes a machine and writes its dump in each format. */
async function makeDumps(ref: string, folder: string, context: RunnerContext): Promise<Dumps> {
  const { environment, signal, log } = context;
  const host = await requireHost(context, { budget: 1 });
  const kernel = await requireKernel(ref, { ...environment, signal, log });
  const [cell] = expand({ kernel: [ref], crashkernel: ['192M'] });
  const spec = cellSpecSchema.parse(cell?.spec);
  const bundle = `${folder}/cell`;
  await runHarnessCell({ spec, kernel, folder: bundle }, host, signal);
  return { folder, ...(await writeFormats(bundle, folder, signal)) };
}

/** The medians of all rounds. Every job has its turn in each round, so that a busy host is busy for all. */
function measure(jobs: ReturnType<typeof vmcoreJobs>, rounds: number): Row[] {
  const times = jobs.map(() => ({ wallMs: [] as number[], cpuMs: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, job] of jobs.entries()) {
      const { wallMs, cpuMs } = timeJob(job);
      times[index]?.wallMs.push(wallMs);
      times[index]?.cpuMs.push(cpuMs);
    }
  }
  return jobs.map(({ tool, does, on }, index) => {
    const { wallMs = [], cpuMs = [] } = times[index] ?? {};
    return { tool, does, on, wallMs: median(wallMs), cpuMs: median(cpuMs) };
  });
}
