// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { type KernelListing, listKernels } from '../../kernel/list-kernels.ts';
import { packageContext } from '../../runner/package-context.ts';
import { DOCUMENT_VERSIONS } from '../../report/schema/document.ts';
import type { KernelsDocument } from '../../report/schema/host-schema.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { mirrorOption } from '../run-options.ts';
import { writeStdout } from '../../report/screen.ts';
import { asciiJson } from '../../memory/ascii-json.ts';

const HELP = {
  summary: 'list the kernels of the Debian mirror and those in the cache',
  examples: [['all flavours, for programs', 'sub1m kernels --flavour all --json']],
} as const;

const MIB = 1024 * 1024;

/** `sub1m kernels`: what the mirror has, and what is in the cache. */
export function addKernels(program: Command, context: CommandContext): void {
  describeCommand(program.command('kernels'), HELP)
    .option('--flavour <name>', 'only this flavour, or "all"', 'cloud')
    .option('--json', 'print a JSON document')
    .addOption(mirrorOption())
    .action(async (options: { flavour: string; json?: true; mirror?: string }) => {
      const all = await listKernels(packageContext(options, context));
      const listed = all.filter(
        ({ flavour }) => options.flavour === 'all' || flavour === options.flavour,
      );
      const document: KernelsDocument = { schema: DOCUMENT_VERSIONS.kernels, kernels: listed };
      await writeStdout(options.json ? `${asciiJson(document, 2)}\n` : renderListing(listed));
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
