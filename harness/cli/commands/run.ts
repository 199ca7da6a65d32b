// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { expand } from '../../matrix/expand.ts';
import { readMatrix } from '../../matrix/matrix-file.ts';
import { addCellOptions, overAxes } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { withCorpus } from '../layouts.ts';
import { runCells } from '../run-cells.ts';
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
    const { axes, known } = await readMatrix(matrix);
    const wanted = await withCorpus(overAxes(axes, { ...options }), context.log);
    await runCells({ cells: expand(wanted), known }, options, context);
  });
}
