// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { type Axes, expandSpecs, nameCells } from '../../matrix/expand.ts';
import { readMatrix } from '../../matrix/matrix-file.ts';
import { faultCells } from '../../matrix/seeded-faults.ts';
import { addCellOptions, overAxes } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { withCorpus } from '../../runner/layouts.ts';
import { runCells } from '../../runner/run-cells.ts';
import { type RunOptions, addRunOptions } from '../run-options.ts';

/** `sub1m run [matrix]`: runs every cell of a matrix. */
export function addRun(program: Command, context: CommandContext): void {
  const command = program
    .command('run')
    .description('run a matrix of cells')
    .argument('[matrix]', 'a name under images/matrices/ or a JSON file', 'default')
    .addHelpText('after', '\nExample: sub1m run default --shard 1/3 --reporter junit:junit.xml');
  addCellOptions(command);
  addRunOptions(command);
  command.action(async (matrix: string, options: RunOptions) => {
    const { axes, known, seeded } = await readMatrix(matrix);
    const over = (given: Axes): Axes => overAxes(given, { ...options });
    const specs = axes ? expandSpecs(await withCorpus(over(axes), context.log)) : [];
    const faulty = seeded ? faultCells(seeded, over) : [];
    const cells = nameCells([...specs.map((spec) => ({ spec })), ...faulty]);
    await runCells({ cells, known }, options, context);
  });
}
