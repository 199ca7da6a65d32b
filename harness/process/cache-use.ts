// SPDX-License-Identifier: MIT
/** Who uses which entry of the cache: programs share a lock on `<entry>.use`, whose time is that of the newest use. */
import { rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CleanupStack } from './cleanup-stack.ts';
import { FileLock } from './file-lock.ts';
import { unfinishedIn } from './unfinished.ts';

/** The entries that this program uses: it keeps their locks to its end. */
const used = new Map<string, Promise<unknown>>();

/**
 * Notes that this program uses an entry from now on: nobody removes it before this program has ended. Call it before
 * looking whether the entry is there. Who may not write the cache notes nothing, nor who has been aborted.
 */
export async function noteUse(path: string, signal: AbortSignal): Promise<void> {
  // Completion looks at what is there, with a signal that lets nothing begin.
  if (signal.aborted) return;
  const noted = used.get(path) ?? takeShare(`${path}.use`, signal);
  used.set(path, noted);
  try {
    await noted;
  } catch (error) {
    used.delete(path);
    if (signal.aborted) throw error;
  }
}

async function takeShare(path: string, signal: AbortSignal): Promise<FileLock> {
  // Who removes the entry has the lock while it renames a folder.
  const lock = await FileLock.acquire(path, { signal, shared: true, onWait: () => {} });
  try {
    const now = new Date();
    await utimes(path, now, now);
    return lock;
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** When an entry was used last, ms since 1970; one of an older sub1m: when it was made. */
export async function usedAt(path: string): Promise<number> {
  const info = await stat(`${path}.use`).catch(() => stat(path));
  return info.mtimeMs;
}

/** Removes an entry, unless a program uses it or makes it. Gives whether it is gone. */
export async function removeUnused(path: string, signal: AbortSignal): Promise<boolean> {
  const leaving = unfinishedIn(dirname(path));
  {
    await using held = new CleanupStack();
    for (const lock of [`${path}.use`, `${path}.lock`]) {
      const taken = await FileLock.tryAcquire(lock, { signal });
      if (taken === null) return false;
      held.use(taken);
    }
    await rename(path, leaving);
  }
  await rm(leaving, { recursive: true, force: true });
  return true;
}
