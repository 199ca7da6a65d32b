// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import {
  constants,
  copyFile,
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BuildError, FormatError } from '../errors.ts';
import { UNFINISHED, shownPath } from './patch-path.ts';
import type { ParsedPatch } from './patch-text.ts';

/** Bytes that the copies of a series may take; the largest file of a kernel has 25 MB. */
const COPIED_BYTES = 512 * 1024 * 1024;

/**
 * Throws `BuildError` if a path leads through a symbolic link or a file of the tree, or to what is no file: what is
 * written there would change something else.
 */
export async function requirePlain(tree: string, path: string, patch: string): Promise<void> {
  const parts = path.split('/');
  for (let nr = 1; nr <= parts.length; nr++) {
    const place = parts.slice(0, nr).join('/');
    const info = await lstat(join(tree, place)).catch(() => undefined);
    if (info === undefined) return;
    const isLast = nr === parts.length;
    if (isLast ? info.isFile() : info.isDirectory()) continue;
    const found = info.isSymbolicLink()
      ? 'a symbolic link'
      : info.isDirectory()
        ? 'a folder'
        : info.isFile()
          ? 'a file'
          : 'something else';
    throw new BuildError(
      `Cannot apply ${patch}: expected ${isLast ? 'a file' : 'a folder'} at ${shownPath(place)}, found ${found}`,
    );
  }
}

/** Throws `FormatError` if the copies that patches make of files in a folder would fill the disk. */
export async function requireFewCopies(
  patches: readonly ParsedPatch[],
  folder: string,
): Promise<void> {
  const copies = patches.flatMap(({ files }) => files).filter(({ isCopy }) => isCopy);
  if (copies.length === 0) return;
  const sizes = (await filesIn(folder)).map(async (path) => (await stat(join(folder, path))).size);
  const texts = patches.reduce((sum, { text }) => sum + text.length, 0);
  // A copy of a copy is no larger than the largest file with all that the patches add.
  const bytes = copies.length * (Math.max(0, ...(await Promise.all(sizes))) + texts);
  if (bytes <= COPIED_BYTES) return;
  throw new FormatError(
    `Cannot apply these patches: expected at most ${COPIED_BYTES} bytes of copied files, found up to ${bytes}`,
  );
}

/** Throws `FormatError` if a folder holds anything but some of these files. */
export async function requireOnly(paths: ReadonlySet<string>, folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (entry.isDirectory() || (entry.isFile() && paths.has(path))) continue;
    throw new FormatError(`Cannot apply these patches: patch(1) made ${shownPath(path)} of them`);
  }
}

/** Every file below a folder, from there; none if there is no folder. */
export async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.endsWith(UNFINISHED));
}

/**
 * Gives a file of a tree the contents of another, and whether it can be executed; or removes it, if there is no other,
 * with the folders that it leaves empty. It keeps its time if nothing changes.
 */
export async function makeSame(wanted: string, path: string, tree: string): Promise<void> {
  const place = join(tree, path);
  if (existsSync(wanted)) {
    if (!(await isSame(wanted, place))) await copyInto(wanted, place);
    return;
  }
  if (!existsSync(place)) return;
  await rm(place, { force: true });
  for (let folder = dirname(place); folder !== tree; folder = dirname(folder)) {
    const isGone = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

async function isSame(one: string, other: string): Promise<boolean> {
  if (!existsSync(other)) return false;
  const [a, b] = [await stat(one), await stat(other)];
  const EXECUTABLE = constants.S_IXUSR;
  if ((a.mode & EXECUTABLE) !== (b.mode & EXECUTABLE)) return false;
  return (await readFile(one)).equals(await readFile(other));
}

/** Copies a file: at its new path it is whole or absent. */
export async function copyInto(from: string, to: string): Promise<void> {
  const unfinished = `${to}${UNFINISHED}`;
  await mkdir(dirname(to), { recursive: true });
  await rm(unfinished, { force: true });
  await copyFile(from, unfinished, constants.COPYFILE_EXCL);
  await rename(unfinished, to);
}
