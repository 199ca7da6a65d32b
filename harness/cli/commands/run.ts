// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { firstEnd } from '../../ends.ts';
import { UsageError } from '../../errors.ts';
import {
  type Axes,
  type PlannedCell,
  eachOnce,
  expandSpecs,
  nameCells,
} from '../../matrix/expand.ts';
import { twinsEnd, withFreshTwins } from '../../matrix/fresh-twins.ts';
import { readMatrix } from '../../matrix/matrix-file.ts';
import { runEnd } from '../../matrix/run-end.ts';
import { type SeededFaults, faultCells, faultsOfTheNight } from '../../matrix/seeded-faults.ts';
import { renderPlan, renderPlanDocument } from '../../report/plan-report.ts';
import { writeStdout } from '../../report/screen.ts';
import { withSeries } from '../../runner/kernel-series.ts';
import { withCorpus } from '../../runner/layouts.ts';
import { outlookFrom, readOutlook } from '../../runner/night-outlook.ts';
import { type NightPlan, planNight } from '../../runner/night-plan.ts';
import { packageContext } from '../../runner/package-context.ts';
import { type RunPlan, type RunSettings, runPlan } from '../../runner/run-plan.ts';
import { addCellOptions, givenAxes } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { GROUPS, describeCommand } from '../help.ts';
import { reportRun } from '../report-run.ts';
import { parseTimeSpan } from '../time-span.ts';
import { type QueueOptions, addQueueOptions, openQueue, queueSettings } from '../queue-options.ts';
import { type RunCommandOptions, addRunOptions, runSettings } from '../run-options.ts';

const HELP = {
  summary: 'run a matrix of cells',
  examples: [
    ['the default matrix', 'sub1m run'],
    [
      'a third of it, with a report for CI',
      'sub1m run default --shard 1/3 --reporter junit:junit.xml',
    ],
    ['it on one layout only', 'sub1m run --layout thread-2021'],
    ['it by the workers of a queue', 'sub1m run --queue redis://farm:6379/0 --store /srv/sub1m'],
    ['a run that was killed, to its end', 'sub1m run --resume results/2026-11-22T13-47-07-4711'],
  ],
  options:
    'Machine options, --vmcore, --truth and --policy replace the values of the matrix; the defaults below hold ' +
    'where it has none. They take several values (--cpus 1,2, or the option again): every combination is run. ' +
    '--reporter may be repeated, too. --resume takes all else from the run, but for --jobs, --queue and reporters.',
} as const;

/** `sub1m run [matrix]`: runs every cell of a matrix. */
export function addRun(program: Command, context: CommandContext): void {
  const command = describeCommand(program.command('run'), HELP).argument(
    '[matrix]',
    'a name under images/matrices/, or a JSON file',
    'default',
  );
  addCellOptions(command);
  addRunOptions(command);
  addQueueOptions(command, 'have the cells run by workers of this queue');
  command
    .optionsGroup(GROUPS.running)
    .option('--limit <time>', 'run what is worth most, for so long: 20min, 1h30min', parseTimeSpan)
    .option(
      '--resume <folder>',
      'go on with a run that was cut short: cells that ended are not run again',
    )
    .option('--dry-run', 'list the cells and about how long they take, and run nothing');
  command.action(async (matrix: string, options: RunOptions) => {
    if (options.resume !== undefined) return goOn(options.resume, { command, options }, context);
    const settings = runSettings(options);
    const { night, known, all } = await planOf(matrix, { options, settings }, context);
    if (options.dryRun) {
      await writeStdout(options.json ? renderPlanDocument(night) : renderPlan(night));
      return;
    }
    const report = reportRun(options, context, { keep: true });
    const cells = night.chosen.map(({ cell }) => cell);
    const { shard = null, limit = null } = options;
    const whole = { name: matrix, cells: all, planned: night.planned, shard, limit };
    const plan = { cells, known, whole };
    await using queue = await openQueue(options, 'run', context);
    const run = await runPlan(plan, { ...settings, ...queueSettings(queue) }, context);
    await report(run);
    context.exit(firstEnd([runEnd(run.cells), twinsEnd(run.cells)]));
  });
}

interface RunOptions extends RunCommandOptions, QueueOptions {
  /** Seconds. */
  readonly limit?: number;
  readonly dryRun?: true;
  readonly resume?: string;
}

/** Options that may be given when a run goes on: the others are those of the run. */
const RESUME_OPTIONS = [
  'resume',
  'jobs',
  'queue',
  'store',
  'reporter',
  'json',
] as readonly string[];

async function goOn(
  folder: string,
  { command, options }: { readonly command: Command; readonly options: RunOptions },
  context: CommandContext,
): Promise<void> {
  const given = command.options.filter(
    (option) => command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  const other = given.find((option) => !RESUME_OPTIONS.includes(option.attributeName()));
  const found = command.args.length > 0 ? `the matrix ${command.args[0]}` : other?.long;
  if (found !== undefined) {
    throw new UsageError(
      `Cannot use --resume with ${found}: expected only --jobs, --queue, --store, --reporter and --json; the run says the rest`,
    );
  }
  const { resumeRun } = await import('../../runner/resume-run.ts');
  const report = reportRun(options, context, { keep: true });
  const { jobs = 'auto' } = options;
  const isGiven = command.getOptionValueSource('jobs') === 'cli';
  await using queue = await openQueue(options, 'run', context);
  const settings = { ...(isGiven && { jobs }), ...queueSettings(queue) };
  const run = await resumeRun(folder, settings, context);
  await report(run);
  context.exit(firstEnd([runEnd(run.cells), twinsEnd(run.cells)]));
}

/** What is asked of a run. */
interface Asked {
  readonly options: RunOptions;
  readonly settings: RunSettings;
}

async function planOf(
  matrix: string,
  { options, settings }: Asked,
  context: CommandContext,
): Promise<Pick<RunPlan, 'known'> & { readonly night: NightPlan; readonly all: PlannedCell[] }> {
  const { axes, known, seeded, seededPerRun, freshTwinOneIn } = await readMatrix(matrix);
  const packages = packageContext(settings, context);
  const over = (inMatrix: Axes): Axes => ({ ...inMatrix, ...givenAxes({ ...options }) });
  const lists = await Promise.all(
    axes.map(async (it) => withCorpus(await withSeries(over(it), packages), context.log)),
  );
  const sound = lists.flatMap(expandSpecs).map((spec) => ({ spec }));
  const cellsWith = (faults: readonly SeededFaults[]): Omit<PlannedCell, 'id'>[] => {
    const faulty = faults.flatMap((it) => faultCells(it, over));
    return eachOnce(withFreshTwins([...sound, ...faulty], freshTwinOneIn));
  };
  const cells = nameCells(cellsWith(seeded));
  const { jobs = 1 } = settings;
  const { limit, shard } = options;
  const isChosen = limit !== undefined || shard !== undefined || seededPerRun !== null;
  // A run of all cells asks neither the history nor the mirror which to take.
  const outlookOf =
    isChosen || options.dryRun
      ? await readOutlook(cells, historyOf({ options, settings }), packages)
      : outlookFrom([], new Map());
  const tonight =
    seededPerRun === null
      ? cells
      : onlyThose(cells, cellsWith(faultsOfTheNight(seeded, { over, outlookOf }, seededPerRun)));
  const night = planNight(tonight, outlookOf, { jobs, limit, shard });
  return { night: { ...night, others: cells.length - night.chosen.length }, known, all: cells };
}

/** The cells of a matrix that ask for what one of the others does. */
function onlyThose(
  cells: readonly PlannedCell[],
  others: readonly Omit<PlannedCell, 'id'>[],
): PlannedCell[] {
  const wanted = new Set(others.map(({ spec }) => JSON.stringify(spec)));
  return cells.filter(({ spec }) => wanted.has(JSON.stringify(spec)));
}

/** The history to plan by. Shards must have the same one, so that each cell is in one of them: they are told which. */
function historyOf({ options, settings }: Asked): string | undefined {
  return options.shard === undefined || options.history !== undefined
    ? settings.history
    : undefined;
}
