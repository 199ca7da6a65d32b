// SPDX-License-Identifier: MIT
import { type Command, Option } from 'commander';
import { UsageError } from '../../errors.ts';
import { buildRecipe, buildRevision, buildTree } from '../../kernel/build-kernel.ts';
import { parseRevision } from '../../kernel/git-tree.ts';
import { parseKernelReference } from '../../kernel/kernel-reference.ts';
import { readKernelImage } from '../../kernel/kernel-image.ts';
import type { PackageContext } from '../../package/package-lists.ts';
import { packageContext } from '../../runner/package-context.ts';
import type { CommandContext } from '../command-context.ts';
import { describeCommand } from '../help.ts';
import { mirrorOption } from '../run-options.ts';
import { writeStdout } from '../../report/screen.ts';
import { asciiJson } from '../../memory/ascii-json.ts';

const HELP = {
  summary: 'build a kernel from a recipe or a source tree and print the path of its bzImage',
  examples: [
    ['a recipe; instant when already built', 'sub1m build recipe:two-phase-6.12'],
    ['a tree, with its own config', 'sub1m build ~/linux --config ~/linux/.config'],
  ],
} as const;

interface BuildOptions {
  readonly config?: string;
  readonly json?: true;
  readonly mirror?: string;
}

/** `sub1m build <kernel>`: builds a kernel and prints where its image is. */
export function addBuild(program: Command, context: CommandContext): void {
  describeCommand(program.command('build'), HELP)
    .argument('<kernel>', 'recipe:<name or JSON file>, a source tree, or <tree>@<revision>')
    .addOption(
      new Option(
        '--config <ours|file>',
        "sub1m's small config, or a whole .config, for a tree",
      ).default(undefined, 'ours'),
    )
    .option('--json', 'print a JSON document')
    .addOption(mirrorOption())
    .action(async (kernel: string, options: BuildOptions) => {
      const built = await build(kernel, options.config, packageContext(options, context));
      const { release, sha256 } = await readKernelImage(built.image);
      const document = { schema: 1, ref: kernel, release, ...built, imageSha256: sha256 };
      const text = options.json ? asciiJson(document, 2) : built.image;
      await writeStdout(`${text}\n`);
    });
}

async function build(
  kernel: string,
  config: string | undefined,
  context: PackageContext,
): ReturnType<typeof buildTree> {
  const wanted = parseKernelReference(kernel);
  const revision = parseRevision(kernel);
  if (revision !== undefined && config === undefined) return buildRevision(revision, context);
  if (wanted.kind === 'path') {
    const ours = config === undefined || config === 'ours';
    return buildTree(kernel, ours ? { kind: 'ours' } : { kind: 'file', path: config }, context);
  }
  if (wanted.kind !== 'recipe') {
    throw new UsageError(
      `Cannot build ${kernel}: expected recipe:<name> or the path of a tree; Debian has built it already`,
    );
  }
  if (config !== undefined) {
    throw new UsageError(`Cannot build ${kernel} with --config: a recipe names its own`);
  }
  return buildRecipe(wanted.recipe, context);
}
