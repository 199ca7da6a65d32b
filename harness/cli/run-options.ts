// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { VMCORES_KEPT } from '../bundle/removed-vmcore.ts';
import { HISTORY } from '../runner/results-folder.ts';
import type { RunSettings } from '../runner/run-plan.ts';
import { GROUPS } from './help.ts';
import { REPORT_KINDS } from '../report/reporters.ts';

/** The options of commands that report cells. */
export interface ReportOptions {
  readonly reporter: readonly string[];
  readonly json?: true;
  readonly b4?: true;
}

/** The options of commands that run cells. */
export interface RunCommandOptions extends ReportOptions, RunSettings {
  readonly shard?: string;
}

/** Adds the options that say how cells are run and reported. */
export function addRunOptions(command: Command): void {
  command
    .optionsGroup(GROUPS.running)
    .addOption(jobsOption())
    .option('--require-kvm', 'end with 69 where KVM does not work')
    .option('--repeat <n>', 'runs of each cell', positive(Number.isInteger), 1)
    .addOption(
      new Option('--shard <i/n>', 'run only the i-th of n parts').default(undefined, 'all'),
    )
    .addOption(resultsOption('a new folder under results/'))
    .addOption(historyOption())
    .addOption(keepOption())
    .option(
      '--share-vmcores',
      'store what vmcores of a kernel image share only once, in vmcores/ of the results',
    )
    .addOption(budgetOption())
    .addOption(mirrorOption());
  addReportOptions(command);
}

/** Adds the options that say how cells are reported. */
export function addReportOptions(command: Command): void {
  const about = `${REPORT_KINDS.join(', ')}; to a file or standard output`;
  command
    .optionsGroup(GROUPS.reporting)
    .addOption(
      new Option('--reporter <name[:file]>', about).argParser(collect).default([], 'console'),
    )
    .option('--json', 'short for --reporter json');
}

/** How many machines run at a time. */
export function jobsOption(): Option {
  const number = positive(Number.isInteger);
  return new Option('--jobs <n>', 'machines at a time; auto is by processors and memory')
    .argParser((text) => (text === 'auto' ? text : number(text)))
    .default('auto');
}

/** Where bundles go. */
export function resultsOption(standard: string): Option {
  const option = new Option('--results <folder>', 'where the bundles go');
  return option.default(undefined, standard).helpGroup(GROUPS.running);
}

/** Where runs are noted. */
function historyOption(): Option {
  const option = new Option(
    '--history <file>',
    'where the run is noted for sub1m history, or "none"',
  );
  return option.default(undefined, 'results/history.jsonl; with --results: none');
}

/** How cells are run, as a command line says it: what is not under `results/` is noted only where that is asked for. */
export function runSettings({ history, ...options }: RunCommandOptions): RunSettings {
  const standard = options.results === undefined ? HISTORY : undefined;
  const named = history === 'none' ? undefined : history && resolve(history);
  return { ...options, history: history === undefined ? standard : named };
}

/** What is kept of what is too large for every run. */
function keepOption(): Option {
  const about =
    'whose vmcores stay in the results: of all cells, of those that are no match (broken), or of none; memory: also the ' +
    'whole memory of a machine whose kernel dies or hangs';
  return new Option('--keep <what>', about)
    .choices([...VMCORES_KEPT, 'memory'])
    .argParser(parseKeep)
    .default(undefined, 'all');
}

/** Of whose vmcores are kept there is one answer; the memory of dead machines is another question. */
function parseKeep(text: string, previous: RunSettings['keep'] = []): RunSettings['keep'] {
  const given = text.split(',').map((word) => {
    const found = [...VMCORES_KEPT, 'memory' as const].find((known) => known === word);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(
      `Allowed choices are ${[...VMCORES_KEPT, 'memory'].join(', ')}.`,
    );
  });
  const kept = [...new Set([...previous, ...given])];
  const ofVmcores = kept.filter((word) => word !== 'memory');
  if (ofVmcores.length <= 1) return kept;
  throw new InvalidArgumentError(
    `Expected one of ${VMCORES_KEPT.join(', ')}, found ${ofVmcores.join(' and ')}.`,
  );
}

/** How much time phases have. */
export function budgetOption(): Option {
  return new Option('--budget <factor>', 'multiply every phase timeout; above 1 for a slow host')
    .argParser(positive(Number.isFinite))
    .default(1)
    .helpGroup(GROUPS.running);
}

/** Where packages come from. */
export function mirrorOption(): Option {
  return new Option('--mirror <url>', 'the Debian mirror').default(
    undefined,
    "SUB1M_MIRROR, else the host's own",
  );
}

/** Reads the value of an option that is a number above 0. */
export function positive(isRight: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!isRight(value) || value <= 0) {
      throw new InvalidArgumentError('Expected a number above 0.');
    }
    return value;
  };
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
