// SPDX-License-Identifier: MIT
import type { Dirent } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './owned-process.ts';

/** Of more files than this it takes less time to write out the whole file system. */
const FILES_ONE_BY_ONE = 200;

/** Resolves once a file, or the list of names in a folder, would survive a power cut. Throws Node's error if it cannot. */
export async function syncPath(path: string): Promise<void> {
  await using file = await open(path, 'r');
  await file.sync();
}

/** Likewise for a folder and all that is in it. */
export async function syncTree(folder: string, signal: AbortSignal): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  if (entries.length > FILES_ONE_BY_ONE) {
    await runCommand(['sync', '--file-system', folder], { signal });
    return;
  }
  const held = entries.filter((entry) => entry.isFile() || entry.isDirectory()).map(pathOf);
  // At once: the file system then writes its journal fewer times.
  await Promise.all([...held, folder].map(syncPath));
}

function pathOf({ parentPath, name }: Dirent): string {
  return join(parentPath, name);
}
