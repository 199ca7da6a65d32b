// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { lstat, realpath, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type GitOptions, runGit } from './run-git.ts';

const CHANGED = ['ls-files', '-z', '--modified', '--deleted', '--others', '--exclude-standard'];

/**
 * Brings an index up to date with the folder `top`: changed, new and removed files, without ignored ones, submodules and
 * other repositories. Git-add(1) does the same, but runs git-status(1) in submodules, with the filters that they name.
 */
export async function takeIn(top: string, index: string, options: GitOptions): Promise<void> {
  const names = new Set((await runGit(top, CHANGED, options)).split('\0'));
  const there: string[] = [];
  const gone: string[] = [];
  for (const name of names) {
    // A folder of which git knows nothing is a repository of its own.
    if (name === '' || name.endsWith('/') || existsSync(join(top, name, '.git'))) continue;
    ((await isThere(top, name)) ? there : gone).push(name);
  }
  await update(['--force-remove'], gone);
  await update(['--add', '--replace'], there);

  async function update(how: readonly string[], paths: readonly string[]): Promise<void> {
    if (paths.length === 0) return;
    const input = `${index}.names`;
    await writeFile(input, `${paths.join('\0')}\0`);
    await runGit(top, ['update-index', ...how, '-z', '--stdin'], { ...options, input });
  }
}

/** Whether git would keep a name: no folder took its place, and no link that of a folder above. */
async function isThere(top: string, name: string): Promise<boolean> {
  const path = join(top, name);
  try {
    if ((await realpath(dirname(path))) !== dirname(path)) return false;
    return !(await lstat(path)).isDirectory();
  } catch {
    return false;
  }
}
