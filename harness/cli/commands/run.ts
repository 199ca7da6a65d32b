// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { type Axes, eachOnce, expandSpecs, nameCells } from '../../matrix/expand.ts';
import { readMatrix } from '../../matrix/matrix-file.ts';
import { runEnd } from '../../matrix/run-end.ts';
import { faultCells } from '../../matrix/seeded-faults.ts';
import { takeShard } from '../../matrix/shard.ts';
import { withCorpus } from '../../runner/layouts.ts';
import { type RunPlan, runPlan } from '../../runner/run-plan.ts';
import { addCellOptions, givenAxes } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { reportRun } from '../report-run.ts';
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
  ],
  options:
    'Machine options, --vmcore, --truth and --policy replace the values of the matrix; the defaults below hold ' +
    'where it has none. They take several values (--cpus 1,2, or the option again): every combination is run. ' +
    '--reporter may be repeated, too.',
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
  command.action(async (matrix: string, options: RunCommandOptions) => {
    const report = reportRun(options, context, { keep: true });
    const plan = await planOf(matrix, options, context);
    const run = await runPlan(plan, runSettings(options), context);
    await report(run);
    context.exit(runEnd(run.cells));
  });
}

async function planOf(
  matrix: string,
  options: RunCommandOptions,
  { log }: CommandContext,
): Promise<RunPlan> {
  const { axes, known, seeded } = await readMatrix(matrix);
  const over = (inMatrix: Axes): Axes => ({ ...inMatrix, ...givenAxes({ ...options }) });
  const lists = await Promise.all(axes.map((it) => withCorpus(over(it), log)));
  const sound = lists.flatMap(expandSpecs).map((spec) => ({ spec }));
  const faulty = seeded.flatMap((it) => faultCells(it, over));
  const cells = nameCells(eachOnce([...sound, ...faulty]));
  return { cells: options.shard === undefined ? cells : takeShard(cells, options.shard), known };
}
