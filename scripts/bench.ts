// SPDX-License-Identifier: MIT
/** `npm run -s bench -- <what>`: how fast sub1m is, measured in the same run as other programs that do the same. */
import { Argument, Command } from 'commander';
import { readEnvironment } from '../harness/cli/environment.ts';
import { ENDS } from '../harness/ends.ts';
import { watchSignals } from '../harness/cli/interrupt.ts';
import { reportError } from '../harness/cli/report-error.ts';
import { positive } from '../harness/cli/run-options.ts';
import { stderrLog } from '../harness/cli/stderr-log.ts';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import { type BenchOptions, benchCell } from './bench-cell.ts';
import { benchOwnership } from './bench-ownership.ts';
import { benchReport } from './bench-report.ts';
import { benchStart } from './bench-start.ts';
import { benchVmcore } from './bench-vmcore.ts';

const BENCHES = {
  cell: benchCell,
  ownership: benchOwnership,
  report: benchReport,
  start: benchStart,
  vmcore: benchVmcore,
};

const context: RunnerContext = {
  environment: readEnvironment(process.env),
  signal: watchSignals().signal,
  log: stderrLog,
};

const program = new Command('npm run -s bench --')
  .description('Measures sub1m against other programs that do the same, in one run.')
  .addArgument(
    new Argument(
      '<what>',
      'a cell against QEMU alone, cells a minute with and without each shortcut, an HTML report in a browser, a start against one from TypeScript, or reading a vmcore against crash',
    ).choices(Object.keys(BENCHES)),
  )
  .option('--rounds <n>', 'measurements of each', positive(Number.isInteger), 3)
  .option('--kernel <kernel>', 'the kernel to measure with, as for sub1m check')
  .option('--json', 'print a JSON document', false)
  .exitOverride()
  .action(async (what: keyof typeof BENCHES, options: BenchOptions) => {
    process.exitCode = await BENCHES[what](options, context);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = ENDS[reportError(error)].status;
}
