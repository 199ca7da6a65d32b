// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import {
  filesAsTheyStand,
  findCommit,
  findGitTree,
  parseRevision,
  renderRevision,
  subjectOf,
} from '../kernel/git-tree.ts';
import { parseKernelReference } from '../kernel/kernel-reference.ts';
import { isKernelTree } from '../kernel/source-tree.ts';
import type { PackageContext } from '../package/package-lists.ts';

/** A kernel that others are compared with. */
export interface BaseKernel {
  readonly ref: string;
  /** For people: what the user wrote, and what it stands for. */
  readonly name: string;
}

/** The kernel tree that a folder is in. Throws `UsageError` if it is in none. */
export function requireTreeAround(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (isKernelTree(at)) return at;
    if (at !== dirname(at)) continue;
    throw new UsageError(
      `Cannot tell which kernel to check: ${folder} is in no kernel tree; change into one, or name a kernel`,
    );
  }
}

/**
 * The reference of a kernel as it is now. For a tree under git these are its files as they stand, which are then built
 * outside the user's folder, whatever was built there; any other reference stays what it is.
 */
export async function asItStands(ref: string, context: PackageContext): Promise<string> {
  if (!isKernelTree(ref)) return ref;
  const tree = await findGitTree(ref, context);
  if (tree === undefined) return ref;
  return renderRevision(tree, await filesAsTheyStand(tree, context.signal));
}

/** What `--base` names: a commit of the tree that is checked, or any kernel. Throws `UsageError` if it is neither. */
export async function requireBase(
  wanted: string,
  checked: string,
  context: PackageContext,
): Promise<BaseKernel> {
  const commit = await findBaseCommit(wanted, checked, context);
  if (commit !== undefined) return commit;
  const isFile = parseKernelReference(wanted).kind === 'path';
  if (!isFile || existsSync(wanted) || parseRevision(wanted) !== undefined) {
    return { ref: await asItStands(wanted, context), name: wanted };
  }
  throw new UsageError(
    `Cannot use the base ${wanted}: expected a commit of the checked tree, or a kernel; it is neither`,
  );
}

async function findBaseCommit(
  wanted: string,
  checked: string,
  context: PackageContext,
): Promise<BaseKernel | undefined> {
  const tree = await findGitTree(parseRevision(checked)?.tree ?? checked, context);
  const id = tree && (await findCommit(tree, wanted, context.signal));
  if (tree === undefined || id === undefined) return undefined;
  const ref = renderRevision(tree, id);
  return { ref, name: `${wanted} (${await subjectOf(tree, id, context.signal)})` };
}
