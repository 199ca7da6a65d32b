// SPDX-License-Identifier: MIT
import { EventEmitter, once } from 'node:events';
import { type FSWatcher, watch } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InterruptedError, Sub1mError, UsageError } from '../errors.ts';
import { findGitTree, foldersOf, parseRevision } from '../kernel/git-tree.ts';
import { parseKernelReference } from '../kernel/kernel-reference.ts';
import { isKernelTree } from '../kernel/source-tree.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { asItStands } from './checked-kernel.ts';

/** An editor or a linker writes in several steps: a change is over when nothing happened for so long, ms. */
const QUIET_MS = 500;

/**
 * Checks a kernel, and again whenever its image or a file of its tree that git does not ignore has changed, until it is
 * interrupted: `InterruptedError`. It goes on watching a kernel that cannot be built or judged. Throws `UsageError` for
 * one that never changes.
 */
export async function watchKernel(
  ref: string,
  check: () => Promise<void>,
  context: PackageContext,
): Promise<never> {
  const { signal, log } = context;
  if (parseKernelReference(ref).kind !== 'path' || parseRevision(ref) !== undefined) {
    throw new UsageError(`Cannot watch ${ref}: expected a tree or an image, which can change`);
  }
  for (;;) {
    const state = await stateOf(ref, context);
    await using watching = new FolderWatch(await foldersToWatch(ref, context));
    await check().catch((error: unknown) => {
      if (!(error instanceof Sub1mError) || error instanceof InterruptedError) throw error;
      log.warn(error.message);
    });
    log.info(`watching ${ref}; Ctrl-C ends it`);
    do {
      await watching.changed(signal);
    } while ((await stateOf(ref, context)) === state);
  }
}

/** A text that differs when the kernel does; for a tree without git it always differs. */
async function stateOf(ref: string, context: PackageContext): Promise<string> {
  const reference = await asItStands(ref, context);
  if (reference !== ref) return reference;
  if (isKernelTree(ref)) return performance.now().toString();
  const { mtimeMs, size } = await stat(ref).catch(() => ({ mtimeMs: 0, size: 0 }));
  return `${mtimeMs} ${size}`;
}

async function foldersToWatch(ref: string, context: PackageContext): Promise<string[]> {
  if (!isKernelTree(ref)) return [dirname(resolve(ref))];
  const tree = await findGitTree(ref, context);
  if (tree !== undefined) return foldersOf(tree, context.signal);
  const entries = await readdir(ref, { recursive: true, withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory());
  return [ref, ...folders.map(({ parentPath, name }) => join(parentPath, name))];
}

/** Watches folders, each without its subfolders, from its construction on. */
class FolderWatch implements AsyncDisposable {
  readonly #watchers: readonly FSWatcher[];
  readonly #events = new EventEmitter();
  #isChanged = false;

  constructor(folders: readonly string[]) {
    const onChange = (): void => {
      this.#isChanged = true;
      this.#events.emit('change');
    };
    this.#watchers = folders.map((folder) => watch(folder, onChange).on('error', onChange));
  }

  /** Resolves once something has changed since the last call and nothing changes any more. Throws `InterruptedError`. */
  async changed(signal: AbortSignal): Promise<void> {
    try {
      if (!this.#isChanged) await once(this.#events, 'change', { signal });
      while (this.#isChanged) {
        this.#isChanged = false;
        await setTimeout(QUIET_MS, undefined, { signal });
      }
    } catch (error) {
      if (signal.aborted)
        throw new InterruptedError('Interrupted while watching', { cause: error });
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const watcher of this.#watchers) watcher.close();
    return Promise.resolve();
  }
}
