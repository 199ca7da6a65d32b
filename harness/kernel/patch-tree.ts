// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BuildError, HostError } from '../errors.ts';
import { runCommand } from '../process/owned-process.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { hostAdvice } from './build-output.ts';
import { type TextPatch, readTextPatch, touchedFiles } from './patch-text.ts';
import {
  copyInto,
  filesIn,
  makeSame,
  requireFewCopies,
  requireOnly,
  requirePlain,
} from './patched-files.ts';

/** A source that sub1m may patch, and the folder that holds it. */
interface PatchedSource {
  readonly tree: string;
  /** Also holds the originals of the files that patches touched. */
  readonly folder: string;
}

/** What patch(1) prints for each file, and for a hunk that does not fit. */
const FILE = /^(?:patching|checking) file '?(.+?)'?$/;
const FAILED_HUNK = /^Hunk #(\d+) FAILED at (\d+)/;
/** Of what patch(1) said, where nothing else tells. */
const SAID_CHARACTERS = 2000;

const REVERSED = /^Reversed \(or previously applied\) patch detected/;

/**
 * Turns a tree into the original source with these patches, whatever was applied before. Only files whose contents
 * change are written, so that make compiles no more than it must. After a kill half-way the next call completes it.
 * Throws `BuildError` naming patch, file and hunk if one does not apply, `UsageError` if one is not a patch, `FormatError`
 * if one names what is no file of the tree: the tree is then as it was, and nothing was written elsewhere.
 */
export async function patchTree(
  source: PatchedSource,
  patches: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const parsed = await Promise.all(patches.map(readTextPatch));
  const touched = new Set(parsed.flatMap(touchedFiles));
  for (const patch of parsed) {
    for (const file of touchedFiles(patch)) await requirePlain(source.tree, file, patch.path);
  }
  await using temp = await makeTempDir();
  const scratch = join(temp.path, 'tree');
  await mkdir(scratch);
  for (const path of touched) {
    await keepOriginal(source, path);
    if (existsSync(original(source, path))) {
      await copyInto(original(source, path), join(scratch, path));
    }
  }
  await requireFewCopies(parsed, scratch);
  for (const patch of parsed) await applyPatch(patch, temp.path, signal);
  await requireOnly(touched, scratch);
  const known = [
    ...(await filesIn(join(source.folder, ORIGINAL))),
    ...(await filesIn(join(source.folder, ABSENT))),
  ];
  for (const path of known) {
    const wanted = touched.has(path) ? join(scratch, path) : original(source, path);
    await makeSame(wanted, path, source.tree);
  }
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
  return said.trim().slice(-SAID_CHARACTERS);
}

const PATCH = [
  'patch',
  '-p1',
  '--batch',
  '--forward',
  // A hunk whose surroundings have changed may belong elsewhere.
  '--fuzz=0',
  '--no-backup-if-mismatch',
  '--reject-file=-',
  // An ed script is run by ed(1), which runs commands.
  '--unified',
  // With PATCH_GET in the environment it would run the programs of RCS and SCCS.
  '--get=0',
  '--quoting-style=literal',
];

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

/** Turns the files in `tree` of a folder into those after a patch. */
async function applyPatch(
  { path, text }: TextPatch,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  // Patch(1) gets what we read, and no more: it finds names in more places and formats than git has.
  const input = join(folder, 'patch');
  await writeFile(input, text);
  const argv = [...PATCH, `--input=${input}`];
  const script = 'cd "$1" && shift && "$@" 2>&1 || echo "sub1m: failed"';
  const said = await runCommand(['sh', '-c', script, 'sh', join(folder, 'tree'), ...argv], {
    signal,
    env: { LC_ALL: 'C' },
  });
  if (!said.endsWith('sub1m: failed')) return;
  const why = `Cannot apply ${path}: ${whyNotApplied(said.replace(/\n?sub1m: failed$/, ''))}`;
  const advice = hostAdvice(said);
  throw advice === undefined
    ? new BuildError(`${why}; rebase ${basename(path)} on the recipe's source`)
    : new HostError(`${why}; ${advice}`);
}
