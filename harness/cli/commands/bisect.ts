// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError, Option } from 'commander';
import { renderBisectDocument, renderBisectReport } from '../../report/bisect-report.ts';
import { writeStdout } from '../../report/screen.ts';
import { type BisectSettings, runBisect } from '../../runner/bisect/run-bisect.ts';
import { addCellOptions, givenAxes } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { GROUPS, describeCommand } from '../help.ts';
import { screenStyle } from '../report-run.ts';
import { type QueueOptions, addQueueOptions, openQueue, queueSettings } from '../queue-options.ts';
import { budgetOption, mirrorOption, resultsOption } from '../run-options.ts';

const HELP = {
  summary: 'find the commit, patch or released package that broke an invariant, or fixed it',
  examples: [
    [
      'the commit of a tree',
      'sub1m bisect --tree ~/linux --good v6.11 --bad HEAD --invariant lowmem.locked',
    ],
    [
      'the released package',
      'sub1m bisect --packages debian:5.10..debian:6.12 --invariant lowmem.released',
    ],
    [
      'what broke a cell of a run',
      'sub1m bisect --tree ~/linux --good v6.11 --bad HEAD --from results/<run>/<cell>',
    ],
  ],
  options:
    'Every kernel is booted in the same cell: the cheapest that shows the invariant, or that of --from. Machine ' +
    'options, --vmcore, --truth and --policy change it and take one value each.',
  notes: [
    'Kernels that do not build, or that break differently, are skipped with a reason. If killed, rerun ' +
      'the same command to resume.',
    'Exit status: 0 the change was found, 64 usage, 65 unreadable input, 69 it could not be found, ' +
      '130 interrupted (SIGTERM 143, SIGHUP 129).',
  ],
} as const;

const BY_INVARIANT = 'by invariant';
const DEFAULTS = {
  crashkernel: BY_INVARIANT,
  trigger: BY_INVARIANT,
  cpus: BY_INVARIANT,
  policy: BY_INVARIANT,
};

interface BisectOptions extends Omit<BisectSettings, 'scheduler'>, QueueOptions {
  readonly json?: true;
}

/** `sub1m bisect`: which commit, patch or released package broke an invariant, or fixed it. */
export function addBisect(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('bisect'), HELP);
  addRangeOptions(command);
  addCellOptions(command, { defaults: DEFAULTS });
  command
    .optionsGroup(GROUPS.judging)
    .option('--invariant <id>', 'the invariant to ask about')
    .option(
      '--from <folder>',
      'take the cell, the invariant and its pages from a failed cell, results/<run>/<cell>',
    )
    .option(
      '--confidence <p>',
      'required confidence per answer; flaky kernels are rebooted until it is reached',
      confidence,
      0.99,
    )
    .optionsGroup(GROUPS.running)
    .addOption(
      new Option('--state <folder>', 'where the answers are kept').default(
        undefined,
        'in the cache',
      ),
    )
    .option('--fresh', 'forget the answers of earlier runs')
    .addOption(resultsOption('a folder under results/'))
    .addOption(budgetOption())
    .addOption(mirrorOption());
  addQueueOptions(
    command,
    'have the kernels booted by workers of this queue, before those of runs',
  );
  command
    .optionsGroup(GROUPS.reporting)
    .option('--json', 'print a JSON document')
    .action((options: BisectOptions) => bisectAndReport(options, context));
}

function addRangeOptions(command: Command): void {
  command
    .optionsGroup('Range (one of --packages, --tree, --patches and --recipe):')
    .option(
      '--packages <range>',
      'released kernels, debian:5.10..debian:6.12, or all of debian:6.12',
    )
    .option('--cached', 'only packages that are in the cache')
    .option('--tree <folder>', 'the commits of a kernel tree from --good to --bad')
    .option('--good <commit>', 'a commit that keeps the invariant')
    .option('--bad <commit>', 'a commit that breaks it')
    .option('--patches <folder|file...>', 'patches, in order, on top of --on')
    .option('--on <recipe>', 'the recipe that the patches are for')
    .option('--recipe <recipe>', 'the patches of a recipe, on its plain source')
    .addOption(
      new Option('--find <what>', 'what the newer end does')
        .choices(['break', 'fix'])
        .default(undefined, 'break for --tree, else found by booting both ends'),
    );
}

/** Searches, prints the report, and sets the exit status: 0 if the change was found, else 69. */
async function bisectAndReport(options: BisectOptions, context: CommandContext): Promise<void> {
  await using queue = await openQueue(options, 'bisect', context);
  const settings = { ...options, axes: givenAxes({ ...options }), ...queueSettings(queue) };
  const result = await runBisect(settings, context);
  const text = options.json
    ? renderBisectDocument(result)
    : renderBisectReport(result, screenStyle(context));
  await writeStdout(text);
  context.exit(result.outcome.kind === 'found' ? 'done' : 'unjudged');
}

function confidence(text: string): number {
  const value = Number(text);
  if (value >= 0.5 && value < 1) return value;
  throw new InvalidArgumentError('Expected a number from 0.5 up to, but not including, 1.');
}
