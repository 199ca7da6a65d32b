// SPDX-License-Identifier: MIT
/**
 * `npm run bench -- cell`: what the harness adds to a cell. The floor is QEMU alone doing the same boot, load, crash
 * and dump with the same images; both are run in turn, and the answer is the ratio of their medians in this one run.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { cellSpecSchema } from '../harness/bundle/cell-record.ts';
import type { CellHost } from '../harness/cell/cell-host.ts';
import { readEnvironment } from '../harness/cli/environment.ts';
import { requireHost } from '../harness/cli/host.ts';
import { interruptSignal } from '../harness/cli/interrupt.ts';
import { runAndJudge } from '../harness/cli/run-and-judge.ts';
import { stderrLog } from '../harness/cli/stderr-log.ts';
import { requireKernel } from '../harness/kernel/require-kernel.ts';
import { expand } from '../harness/matrix/expand.ts';
import { makeTempDir } from '../harness/process/temp-dir.ts';
import { type BareJob, runBareCell } from './bare-cell.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    kernel: { type: 'string', default: 'debian:6.12' },
  },
});
if (positionals.join() !== 'cell') {
  process.stderr.write('Usage: npm run -s bench -- cell [--json] [--rounds N] [--kernel REF]\n');
  process.exit(64);
}

const signal = interruptSignal();
process.exitCode = await main();

async function main(): Promise<number> {
  const environment = readEnvironment(process.env);
  const context = { environment, signal, log: stderrLog, exit: () => {} };
  const host = await requireHost(context, { budget: 1 });
  const kernel = await requireKernel(values.kernel, { ...environment, signal, log: stderrLog });
  const [cell] = expand({ kernel: [values.kernel], crashkernel: ['256M'] });
  const spec = cellSpecSchema.parse(cell?.spec);
  const bare: number[] = [];
  const harness: number[] = [];
  for (let round = 1; round <= Number(values.rounds); round++) {
    await using temp = await makeTempDir();
    const job = (name: string): BareJob => ({ spec, kernel, folder: join(temp.path, name) });
    bare.push(await seconds(() => runBareCell(job('bare'), host, signal)));
    harness.push(await seconds(() => runHarnessCell(job('harness'), host)));
    stderrLog.info(
      `round ${round}: QEMU alone ${bare.at(-1)} s, with the harness ${harness.at(-1)} s`,
    );
  }
  const { kind } = await host.accelerator(spec);
  report({ kernel: kernel.release, accel: kind, seconds: { bare, harness } });
  return 0;
}

function report(measured: {
  readonly kernel: string;
  readonly accel: string;
  readonly seconds: { readonly bare: readonly number[]; readonly harness: readonly number[] };
}): void {
  const [bare, harness] = [median(measured.seconds.bare), median(measured.seconds.harness)];
  const ratio = Number((harness / bare).toFixed(3));
  const document = JSON.stringify({ schema: 1, bench: 'cell', ratio, ...measured });
  const words = `ratio ${ratio}: with the harness ${harness} s, QEMU alone ${bare} s (medians)`;
  process.stdout.write(`${values.json ? document : words}\n`);
}

/** A cell as `run` does it: machine, evidence and judgement. */
async function runHarnessCell({ spec, kernel, folder }: BareJob, host: CellHost): Promise<void> {
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

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
