// SPDX-License-Identifier: MIT
/** What an unpacked source held: too many files to hash before each build, so that sizes and times tell which to hash. */
import { existsSync } from 'node:fs';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PackageError, messageOf } from '../errors.ts';
import { findDifference, sha256 } from '../process/file-hash.ts';
import { runCommand } from '../process/owned-process.ts';

/** The tree in the folder of a source, and beside it the originals of the files that patches have touched. */
export const TREE = 'tree';
const ORIGINAL = 'original';

/** What is noted of the tree: kind, size, time and target of each file; and the SHA-256 of each. */
const LIST = 'tree.list';
const HASHES = 'tree.sha256';

/** Prints the files and symlinks below "$1" in a fixed order, each ended by a zero byte. */
const LIST_TREE = String.raw`cd "$1" && find . \( -type f -o -type l \) -printf '%y %s %T@ %l\t%P\0' |
  LC_ALL=C sort --zero-terminated`;

const HASH_TREE =
  'cd "$1" && find . -type f -print0 | xargs --null --no-run-if-empty sha256sum --zero';

/** Notes what the tree in `folder` holds. */
export async function noteTree(folder: string, signal: AbortSignal): Promise<void> {
  const tree = join(folder, TREE);
  await writeFile(join(folder, LIST), await shell(LIST_TREE, tree, signal));
  await writeFile(join(folder, HASHES), await shell(HASH_TREE, tree, signal));
}

/**
 * How the tree in `folder` differs from what was noted, in words; null if it does not. A file whose size and time are
 * as noted is taken to be the same, any other is hashed; one that patches have touched must have its original.
 */
export async function findTreeDamage(folder: string, signal: AbortSignal): Promise<string | null> {
  try {
    return await compareTree(folder, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return messageOf(error);
  }
}

/**
 * The texts of these files of a source as they were unpacked, whatever patches have done since; one that the source
 * does not have is left out. Throws `PackageError` if one is not as it was noted.
 */
export async function readUnpacked(
  folder: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const hashes = hashesIn(await readFile(join(folder, HASHES), 'utf8'));
  const texts = new Map<string, string>();
  for (const path of paths.filter((it) => hashes.has(it))) {
    const original = join(folder, ORIGINAL, path);
    const text = await readFile(existsSync(original) ? original : join(folder, TREE, path));
    const found = sha256(text);
    if (found !== hashes.get(path)) {
      const message = `expected SHA-256 ${hashes.get(path)}, found ${found}`;
      throw new PackageError(`Cannot read ${path} in ${folder}: ${message}; remove that folder`);
    }
    texts.set(path, text.toString());
  }
  return texts;
}

async function compareTree(folder: string, signal: AbortSignal): Promise<string | null> {
  const hashes = hashesIn(await readFile(join(folder, HASHES), 'utf8'));
  const originals = await filesIn(join(folder, ORIGINAL));
  for (const path of originals) {
    const damage = await findDifference(
      join(folder, ORIGINAL, path),
      hashes.get(path) ?? 'of none',
    );
    if (damage !== null) return `${ORIGINAL}/${path}: ${damage}`;
  }
  const noted = await readFile(join(folder, LIST), 'utf8');
  const found = await shell(LIST_TREE, join(folder, TREE), signal);
  if (found === noted) return null;
  const rows = rowsIn(found);
  const patched = new Set(originals);
  for (const [path, row] of rowsIn(noted)) {
    const now = rows.get(path);
    if (now === row || patched.has(path)) continue;
    if (now === undefined) return `${TREE}/${path}: expected it, found nothing`;
    const hash = hashes.get(path);
    if (hash === undefined) return `${TREE}/${path}: expected ${row}, found ${now}`;
    const damage = await findDifference(join(folder, TREE, path), hash);
    if (damage !== null) return `${TREE}/${path}: ${damage}`;
  }
  return null;
}

/** By the path, which comes last. */
function rowsIn(list: string): Map<string, string> {
  const rows = list.split('\0').filter((row) => row !== '');
  return new Map(
    rows.map((row) => [row.slice(row.lastIndexOf('\t') + 1), row.slice(0, row.lastIndexOf('\t'))]),
  );
}

/** As `sha256sum --zero` prints them. */
function hashesIn(text: string): Map<string, string> {
  const rows = text.split('\0').filter((row) => row !== '');
  return new Map(
    rows.map((row) => [row.slice(row.indexOf(' ') + 4), row.slice(0, row.indexOf(' '))]),
  );
}

async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.sub1m-unfinished'))
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

function shell(script: string, folder: string, signal: AbortSignal): Promise<string> {
  const bash = ['bash', '-o', 'pipefail', '-c', script, 'bash', folder];
  return runCommand(bash, { signal });
}
