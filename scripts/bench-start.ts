// SPDX-License-Identifier: MIT
import { projectPath } from '../harness/project-root.ts';
import type { RunnerContext } from '../harness/runner/runner-context.ts';
import { SUB1M_FROM_SOURCE } from '../harness/testing/run-sub1m.ts';
import type { BenchOptions } from './bench-cell.ts';
import { median, timeCommand } from './time-command.ts';

/** What is started, and the seconds that it may take on an idle core. */
const STARTS = [
  { args: ['--version'], aim: 0.25 },
  { args: ['model', '--layout', 'thread-2021'], aim: 0.4 },
] as const;

/** A start takes a fraction of a second: one round is many of them. */
const STARTS_PER_ROUND = 5;

const PROGRAMS = { compiled: [projectPath('sub1m')], source: SUB1M_FROM_SOURCE } as const;

/** Seconds. */
interface Times {
  readonly best: number;
  readonly median: number;
  /** Of the processor, the least: what a busy host changes little. */
  readonly cpu: number;
}

/** `npm run bench -- start`: how long `./sub1m` takes to start, and the same from TypeScript. Gives 1 if it misses an aim. */
export function benchStart(
  { json, rounds }: BenchOptions,
  { log }: RunnerContext,
): Promise<number> {
  // If sources have changed this compiles them, outside of the measurements.
  timeStart([...PROGRAMS.compiled, '--version']);
  const starts = STARTS.map(({ args, aim }) => {
    log.info(`measuring sub1m ${args.join(' ')}`);
    const [compiled, source] = [PROGRAMS.compiled, PROGRAMS.source].map((program) =>
      measure([...program, ...args], rounds * STARTS_PER_ROUND),
    ) as [Times, Times];
    return { args, aim, compiled, source, ratio: Number((source.cpu / compiled.cpu).toFixed(2)) };
  });
  const lines = starts.map(({ args, aim, compiled, source, ratio }) => {
    const { best, median: usual, cpu } = compiled;
    return (
      `sub1m ${args.join(' ')}: best ${best} s, median ${usual} s, processor ${cpu} s (aim ${aim} s); ` +
      `from TypeScript best ${source.best} s, processor ${source.cpu} s: ${ratio} times as much\n`
    );
  });
  process.stdout.write(
    json ? `${JSON.stringify({ schema: 1, bench: 'start', starts })}\n` : lines.join(''),
  );
  return Promise.resolve(starts.every(({ compiled, aim }) => compiled.cpu <= aim) ? 0 : 1);
}

function measure(argv: readonly string[], times: number): Times {
  const starts = Array.from({ length: times }, () => timeStart(argv));
  const walls = starts.map(({ wallMs }) => wallMs / 1000);
  const cpu = Math.min(...starts.map(({ cpuMs }) => cpuMs)) / 1000;
  return { best: Math.min(...walls), median: median(walls), cpu };
}

function timeStart(argv: readonly string[]): ReturnType<typeof timeCommand> {
  const timed = timeCommand(argv);
  if (timed.status !== 0) throw new Error(`${argv.join(' ')} fails: ${timed.stderr}`);
  return timed;
}
