// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BuildError, HostError, UsageError } from '../errors.ts';
import { runCommand } from '../process/owned-process.ts';
import { readInput } from '../process/read-input.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { hostAdvice } from './build-output.ts';

/** A source that sub1m may patch, and the folder that holds it. */
interface PatchedSource {
  readonly tree: string;
  /** Also holds the originals of the files that patches touched. */
  readonly folder: string;
}

/** What patch(1) prints for each file, and for a hunk that does not fit. */
const FILE = /^(?:patching|checking) file '?(.+?)'?$/;
const FAILED_HUNK = /^Hunk #(\d+) FAILED at (\d+)/;
const REVERSED = /^Reversed \(or previously applied\) patch detected/;

/**
 * Turns a tree into the original source with these patches, whatever was applied before. Only files whose contents
 * change are written, so that make compiles no more than it must. After a kill half-way the next call completes it.
 * Throws `BuildError` naming patch, file and hunk if one does not apply, `UsageError` if one is not a patch: the tree is
 * then as it was.
 */
export async function patchTree(
  source: PatchedSource,
  patches: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await using scratch = await makeTempDir();
  const touched = new Set<string>();
  for (const patch of patches) {
    const paths = touchedFiles(await readPatch(patch));
    if (paths.length === 0) {
      throw new UsageError(`Cannot apply ${patch}: expected a patch in git's format, found none`);
    }
    for (const path of paths) touched.add(path);
  }
  for (const path of touched) {
    await keepOriginal(source, path);
    if (existsSync(original(source, path))) {
      await copyInto(original(source, path), join(scratch.path, path));
    }
  }
  for (const patch of patches) await applyPatch(patch, scratch.path, signal);
  const known = [
    ...(await filesIn(join(source.folder, ORIGINAL))),
    ...(await filesIn(join(source.folder, ABSENT))),
  ];
  for (const path of known) {
    const wanted = touched.has(path) ? join(scratch.path, path) : original(source, path);
    await makeSame(wanted, join(source.tree, path));
  }
}

/** The text of a patch. Throws `UsageError` if there is none, `FormatError` if it is no file. */
export function readPatch(path: string): Promise<string> {
  return readInput(path, {
    missing: (why) => `Cannot read the patch ${path}: ${why}; name a file`,
  });
}

/** The files that a patch in git's format changes, makes, renames or removes, from the top of the tree. */
export function touchedFiles(patch: string): string[] {
  const lines = patch.matchAll(
    /^(?:--- a\/|\+\+\+ b\/|rename (?:from|to) |copy (?:from|to) )([^\t\n]+)/gm,
  );
  return [...new Set([...lines].map(([, path = '']) => path))];
}

/** Why a patch does not apply, from what patch(1) said: which file, which hunk. */
export function whyNotApplied(said: string): string {
  let file = 'an unknown file';
  for (const line of said.split('\n')) {
    file = FILE.exec(line)?.[1] ?? file;
    const [, hunk, at] = FAILED_HUNK.exec(line) ?? [];
    if (hunk !== undefined) return `hunk ${hunk} of ${file} does not fit at line ${at}`;
    if (REVERSED.test(line)) return `${file} already has these changes`;
    if (line.startsWith("can't find file to patch")) return 'a file it changes does not exist';
    if (line.includes('malformed patch')) return line.replace(/^patch: \*+ /, '');
  }
  return said.trim();
}

/** The folders beside the tree: originals of touched files, and an empty file for each that did not exist. */
const ORIGINAL = 'original';
const ABSENT = 'absent';

function original({ folder }: PatchedSource, path: string): string {
  return join(folder, ORIGINAL, path);
}

/** Saves a file of the tree before a patch touches it for the first time. */
async function keepOriginal(source: PatchedSource, path: string): Promise<void> {
  const absent = join(source.folder, ABSENT, path);
  if (existsSync(original(source, path)) || existsSync(absent)) return;
  if (existsSync(join(source.tree, path))) {
    await copyInto(join(source.tree, path), original(source, path));
  } else {
    await mkdir(dirname(absent), { recursive: true });
    await writeFile(absent, '');
  }
}

async function applyPatch(patch: string, scratch: string, signal: AbortSignal): Promise<void> {
  // No fuzz: a hunk whose surroundings have changed may belong elsewhere.
  const argv = ['patch', '-p1', '--batch', '--forward', '--fuzz=0', '--no-backup-if-mismatch'];
  const script = 'cd "$1" && shift && "$@" 2>&1 || echo "sub1m: failed"';
  const said = await runCommand(
    ['sh', '-c', script, 'sh', scratch, ...argv, '--reject-file=-', `--input=${patch}`],
    { signal, env: { LC_ALL: 'C' } },
  );
  if (!said.endsWith('sub1m: failed')) return;
  const why = `Cannot apply ${patch}: ${whyNotApplied(said.replace(/\n?sub1m: failed$/, ''))}`;
  const advice = hostAdvice(said);
  throw advice === undefined
    ? new BuildError(`${why}; rebase ${basename(patch)} on the recipe's source`)
    : new HostError(`${why}; ${advice}`);
}

/** Every file below a folder, from there; none if there is no folder. */
async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.endsWith(UNFINISHED));
}

/** Gives a file the contents of another, or removes it if there is no other; keeps its time if nothing changes. */
async function makeSame(wanted: string, path: string): Promise<void> {
  if (!existsSync(wanted)) {
    await rm(path, { force: true });
    return;
  }
  const same = existsSync(path) && (await readFile(path)).equals(await readFile(wanted));
  if (!same) await copyInto(wanted, path);
}

const UNFINISHED = '.sub1m-unfinished';

/** Copies a file: at its new path it is whole or absent. */
async function copyInto(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, `${to}${UNFINISHED}`);
  await rename(`${to}${UNFINISHED}`, to);
}
