// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';

/** The options of commands that report cells. */
export interface ReportOptions {
  readonly reporter: readonly string[];
  readonly json?: true;
  readonly b4?: true;
}

/** The options of commands that run cells. */
export interface RunOptions extends ReportOptions {
  readonly jobs: number;
  readonly repeat: number;
  readonly shard?: string;
  readonly results?: string;
  readonly mirror?: string;
  readonly budget: number;
}

/** Adds the options that say how cells are run and reported. */
export function addRunOptions(command: Command): void {
  command
    .option('--jobs <n>', 'machines at a time', positive(Number.isInteger), 2)
    .option('--repeat <n>', 'run every cell so many times', positive(Number.isInteger), 1)
    .option('--shard <i/n>', 'run only the i-th of n parts of the cells')
    .option('--results <folder>', 'where the bundles go (default: a new folder under results/)')
    .addOption(budgetOption())
    .addOption(mirrorOption());
  addReportOptions(command);
}

/** Adds the options that say how cells are reported. */
export function addReportOptions(command: Command): void {
  command
    .option(
      '--reporter <name[:file]>',
      'console, json, tap, ktap, junit or b4; may be repeated',
      collect,
      [],
    )
    .option('--json', 'the same as --reporter json');
}

/** How much time phases have. */
export function budgetOption(): Option {
  const about = "on every phase's time limit: more than 1 for a slow host";
  return new Option('--budget <factor>', about).argParser(positive(Number.isFinite)).default(1);
}

/** Where packages come from. */
export function mirrorOption(): Option {
  return new Option('--mirror <url>', "Debian mirror, if not the host's own (or SUB1M_MIRROR)");
}

/** Reads the value of an option that is a number above 0. */
export function positive(isRight: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!isRight(value) || value <= 0) throw new InvalidArgumentError('Wanted: a number above 0.');
    return value;
  };
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}
