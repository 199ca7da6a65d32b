// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import {
  type BuiltKernel,
  buildRecipe,
  buildRevision,
  buildTree,
} from '../../kernel/build-kernel.ts';
import { parseRevision } from '../../kernel/git-tree.ts';
import { parseKernelReference } from '../../kernel/kernel-reference.ts';
import { readKernelImage } from '../../kernel/kernel-image.ts';
import type { PackageContext } from '../../package/package-lists.ts';
import type { CommandContext } from '../command-context.ts';
import { packageContext } from '../../runner/package-context.ts';
import { mirrorOption } from '../run-options.ts';

interface BuildOptions {
  readonly config?: string;
  readonly json?: true;
  readonly mirror?: string;
}

/** `sub1m build <recipe|tree>`: builds a kernel and prints where its image is. */
export function addBuild(program: Command, context: CommandContext): void {
  program
    .command('build')
    .description('build a kernel from a recipe or a tree; prints the path of its bzImage')
    .argument(
      '<kernel>',
      'recipe:<name or JSON file>, the source tree of a kernel, or <tree>@<revision>',
    )
    .option(
      '--config <ours|file>',
      "of a tree: sub1m's small config, or a whole .config (default: ours)",
    )
    .option('--json', 'print a JSON document')
    .addOption(mirrorOption())
    .addHelpText('after', '\nExample: sub1m build recipe:two-phase-6.12')
    .action(async (kernel: string, options: BuildOptions) => {
      const built = await build(kernel, options.config, packageContext(options, context));
      const { release, sha256 } = await readKernelImage(built.image);
      const document = { schema: 1, ref: kernel, release, ...built, imageSha256: sha256 };
      const text = options.json ? JSON.stringify(document, null, 2) : built.image;
      process.stdout.write(`${text}\n`);
    });
}

async function build(
  kernel: string,
  config: string | undefined,
  context: PackageContext,
): Promise<BuiltKernel> {
  const wanted = parseKernelReference(kernel);
  const revision = parseRevision(kernel);
  if (revision !== undefined && config === undefined) return buildRevision(revision, context);
  if (wanted.kind === 'path') {
    const ours = config === undefined || config === 'ours';
    return buildTree(kernel, ours ? { kind: 'ours' } : { kind: 'file', path: config }, context);
  }
  if (wanted.kind !== 'recipe') {
    throw new UsageError(
      `Cannot build ${kernel}: recipe:<name> or the path of a tree wanted; Debian has built it already`,
    );
  }
  if (config !== undefined) {
    throw new UsageError(`Cannot build ${kernel} with --config: a recipe names its own`);
  }
  return buildRecipe(wanted.recipe, context);
}
