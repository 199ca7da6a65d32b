// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { expand } from '../../matrix/expand.ts';
import { readKnownDefects } from '../../matrix/known-defects.ts';
import { addCellOptions, overAxes } from '../cell-options.ts';
import type { CommandContext } from '../command-context.ts';
import { withCorpus } from '../layouts.ts';
import { runCells } from '../run-cells.ts';
import { type RunOptions, addRunOptions } from '../run-options.ts';

interface CheckOptions extends RunOptions {
  readonly known?: string;
}

/** Enough for every distribution kernel as its own capture kernel with the guest's initramfs. */
const STANDARD_CRASHKERNEL = '256M';

/** `sub1m check <kernel>…`: the standard cells, without crashkernel and with it, on each kernel. */
export function addCheck(program: Command, context: CommandContext): void {
  const command = program
    .command('check')
    .description('check kernels with the standard cells: without crashkernel and with it')
    .argument(
      '<kernel...>',
      'a bzImage, a .deb, a source tree, recipe:<name>, or debian:<version or package>',
    )
    .addHelpText('after', '\nExample: sub1m check ~/linux/arch/x86/boot/bzImage --cpus 2');
  addCellOptions(command);
  addRunOptions(command);
  command.option('--known <file>', 'JSON file of the known defects: reported, but no failures');
  command.action(async (kernel: string[], options: CheckOptions) => {
    const known = options.known === undefined ? [] : await readKnownDefects(options.known);
    const standard = { kernel, crashkernel: [null, STANDARD_CRASHKERNEL] };
    const axes = await withCorpus(overAxes(standard, { ...options }), context.log);
    await runCells({ cells: expand(axes), known }, options, context);
  });
}
