// SPDX-License-Identifier: MIT
/** `npm run -s bench -- <what>`: how fast sub1m is, measured against others that do the same, in one run. */
import { parseArgs } from 'node:util';
import type { CommandContext } from '../harness/cli/command-context.ts';
import { readEnvironment } from '../harness/cli/environment.ts';
import { interruptSignal } from '../harness/cli/interrupt.ts';
import { stderrLog } from '../harness/cli/stderr-log.ts';
import { type BenchOptions, benchCell } from './bench-cell.ts';
import { benchVmcore } from './bench-vmcore.ts';

const BENCHES: Readonly<
  Record<string, (options: BenchOptions, context: CommandContext) => Promise<number>>
> = { cell: benchCell, vmcore: benchVmcore };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '3' },
    kernel: { type: 'string' },
  },
});
const [name = ''] = positionals;
const bench = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (!bench || positionals.length > 1) {
  const names = Object.keys(BENCHES).join('|');
  process.stderr.write(
    `Usage: npm run -s bench -- ${names} [--json] [--rounds N] [--kernel REF]\n`,
  );
  process.exit(64);
}

process.exitCode = await bench(
  { json: values.json, rounds: Number(values.rounds), kernel: values.kernel },
  {
    environment: readEnvironment(process.env),
    signal: interruptSignal(),
    log: stderrLog,
    exit: () => {},
  },
);
