// SPDX-License-Identifier: MIT
/** `npm run -s bench -- <what>`: how fast sub1m is, measured against others that do the same, in one run. */
import { Argument, Command } from 'commander';
import { readEnvironment } from '../harness/cli/environment.ts';
import { interruptSignal } from '../harness/cli/interrupt.ts';
import { reportError } from '../harness/cli/report-error.ts';
import { positive } from '../harness/cli/run-options.ts';
import { stderrLog } from '../harness/cli/stderr-log.ts';
import { type BenchOptions, benchCell } from './bench-cell.ts';
import { benchVmcore } from './bench-vmcore.ts';

const BENCHES = { cell: benchCell, vmcore: benchVmcore };

const context = {
  environment: readEnvironment(process.env),
  signal: interruptSignal(),
  log: stderrLog,
  exit: () => {},
};

const program = new Command('npm run -s bench --')
  .description('Measures sub1m against others that do the same, in one run.')
  .addArgument(
    new Argument('<what>', 'a cell against QEMU alone, or reading a vmcore against crash').choices(
      Object.keys(BENCHES),
    ),
  )
  .option('--rounds <n>', 'how often each is measured', positive(Number.isInteger), 3)
  .option('--kernel <kernel>', 'another kernel, as for sub1m check')
  .option('--json', 'for programs', false)
  .exitOverride()
  .action(async (what: keyof typeof BENCHES, options: BenchOptions) => {
    process.exitCode = await BENCHES[what](options, context);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportError(error);
}
