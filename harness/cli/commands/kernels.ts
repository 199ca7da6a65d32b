// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { type KernelListing, listKernels } from '../../kernel/list-kernels.ts';
import type { CommandContext } from '../command-context.ts';
import { packageContext } from '../../runner/package-context.ts';
import { mirrorOption } from '../run-options.ts';

const MIB = 1024 * 1024;

/** `sub1m kernels`: what can be had from the mirror and what is in the cache. */
export function addKernels(program: Command, context: CommandContext): void {
  program
    .command('kernels')
    .description('list the kernels that can be had and those in the cache')
    .option('--flavour <name>', 'only this flavour; "all" for every one', 'cloud')
    .option('--json', 'print a JSON document')
    .addOption(mirrorOption())
    .addHelpText('after', '\nExample: sub1m kernels --flavour all --json')
    .action(async (options: { flavour: string; json?: true; mirror?: string }) => {
      const all = await listKernels(packageContext(options, context));
      const listed = all.filter(
        ({ flavour }) => options.flavour === 'all' || flavour === options.flavour,
      );
      const document = JSON.stringify({ schema: 1, kernels: listed }, null, 2);
      process.stdout.write(options.json ? `${document}\n` : renderListing(listed));
    });
}

function renderListing(listed: readonly KernelListing[]): string {
  const width = Math.max(...listed.map(({ ref }) => ref.length), 0);
  const rows = listed.map(({ ref, suite, downloadBytes, cached }) => {
    const state = cached ? 'in the cache' : `${Math.ceil(downloadBytes / MIB)} MiB to download`;
    return `${ref.padEnd(width)}  ${suite.padEnd(22)}  ${state}\n`;
  });
  const asked = listed[0]
    ? `The mirror was asked on ${listed[0].listed}.\n`
    : 'No kernel of this flavour.\n';
  return `${rows.join('')}\n${asked}`;
}
