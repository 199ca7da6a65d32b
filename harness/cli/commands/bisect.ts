// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCellOptions } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { type BisectOptions, runBisect } from '../../runner/run-bisect.ts';
import { mirrorOption, positive } from '../run-options.ts';

/** `sub1m bisect`: which commit, patch or released package broke an invariant, or mended it. */
export function addBisect(program: Command, context: CommandContext): void {
  const command = program
    .command('bisect')
    .description('find the commit, patch or released package that broke an invariant, or mended it')
    .option(
      '--packages <range>',
      'released kernels: debian:5.10..debian:6.12, or all of debian:6.12',
    )
    .option('--cached', 'of these only those that are in the cache')
    .option('--tree <folder>', 'the commits of a kernel tree between --good and --bad')
    .option('--good <commit>', 'a commit that keeps the invariant')
    .option('--bad <commit>', 'a commit that breaks it')
    .option('--patches <folder|file...>', 'patches, in order, on top of --on')
    .option('--on <recipe>', 'the recipe that they are for')
    .option('--recipe <recipe>', 'all patches of a recipe, on its bare source')
    .option('--invariant <id>', 'the promise to ask for')
    .option(
      '--from <folder>',
      'take cell, invariant and pages from a cell that failed: results/<run>/<cell>',
    )
    .addOption(new Option('--find <what>', 'what the newer end does').choices(['break', 'fix']))
    .option(
      '--confidence <p>',
      'of each answer; an unsteady kernel is booted until it is met',
      confidence,
      0.99,
    )
    .option(
      '--state <folder>',
      'where a bisection that was cut short goes on (default: in the cache)',
    )
    .option('--fresh', 'forget what earlier runs of it have found')
    .option('--results <folder>', 'where the bundles go (default: a folder under results/)')
    .option('--budget <factor>', "on every phase's time limit", positive(Number.isFinite), 1)
    .option('--json', 'print a JSON document')
    .addOption(mirrorOption())
    .addHelpText(
      'after',
      '\nExample: sub1m bisect --tree ~/linux --good v6.11 --bad HEAD --invariant lowmem.locked',
    );
  addCellOptions(command);
  command.action((options: BisectOptions) => runBisect(options, context));
}

function confidence(text: string): number {
  const value = Number(text);
  if (value >= 0.5 && value < 1) return value;
  throw new InvalidArgumentError('Wanted: a number from 0.5 up to, but not, 1.');
}
