// SPDX-License-Identifier: MIT
import { CommitRange } from '../../bisect/git-bisect.ts';
import { listRange } from '../../bisect/linear-search.ts';
import { UsageError } from '../../errors.ts';
import { OUR_CONFIG } from '../../kernel/build-kernel.ts';
import { kernelsInRange } from '../../kernel/kernel-range.ts';
import { listKernels } from '../../kernel/list-kernels.ts';
import { isKernelTree } from '../../kernel/source-tree.ts';
import { sha256File } from '../../process/file-hash.ts';
import { patchRange } from './bisect-patches.ts';
import type { NamedRange, RangeOptions } from './bisect-range-options.ts';
import { packageContext } from '../package-context.ts';
import type { RunnerContext } from '../runner-context.ts';

/** Where a search keeps what it needs on disk. */
interface RangeFolders {
  /** Kept from run to run. */
  readonly state: string;
  /** Removed when this run is over. */
  readonly temp: string;
}

/** The range that the options name. Throws `UsageError` if there is none. */
export async function requireRange(
  options: RangeOptions,
  folders: RangeFolders,
  context: RunnerContext,
): Promise<NamedRange> {
  const { packages, tree, patches, recipe } = options;
  const named = [packages, tree, patches, recipe].filter((kind) => kind !== undefined);
  if (named.length !== 1) {
    throw new UsageError(
      `Cannot bisect ${named.length === 0 ? 'nothing' : 'several ranges at once'}: pass one of --packages, ` +
        '--tree, --patches and --recipe',
    );
  }
  if (packages !== undefined) return packageRange(packages, options, context);
  if (tree !== undefined) return commitRange(tree, options, { folder: folders.temp, context });
  return patchRange(options, folders.state);
}

async function packageRange(
  range: string,
  options: RangeOptions,
  context: RunnerContext,
): Promise<NamedRange> {
  const { cached, find } = options;
  const all = await listKernels(packageContext(options, context));
  const kernels = kernelsInRange(cached ? all.filter((kernel) => kernel.cached) : all, range);
  const changes = kernels.map(({ ref }) => ({ id: ref, subject: ref, kernel: ref }));
  return { range: listRange(changes), find: find ?? null, content: changes.map(({ id }) => id) };
}

async function commitRange(
  tree: string,
  { good, bad, find = 'break' }: RangeOptions,
  { folder, context }: { readonly folder: string; readonly context: RunnerContext },
): Promise<NamedRange> {
  const { environment, signal, log } = context;
  if (good === undefined || bad === undefined) {
    throw new UsageError(
      `Cannot bisect ${tree}: pass both commits, --good <commit> and --bad <commit>`,
    );
  }
  if (!isKernelTree(tree)) {
    throw new UsageError(`Cannot bisect ${tree}: expected the top folder of a kernel's source`);
  }
  const { cacheDir } = environment;
  const commits = await CommitRange.open({ tree, good, bad, find }, { folder, cacheDir, signal });
  if (await commits.isDirty()) {
    log.warn(`${tree} has uncommitted changes: they are left out of the bisection`);
  }
  const content = [commits.old.kernel, commits.new.kernel, await sha256File(OUR_CONFIG)];
  return { range: commits, find, content };
}
