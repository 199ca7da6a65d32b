// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { copyFile, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BuildError, HostError, ProcessError, UsageError, fromSystemError } from '../errors.ts';
import type { Log } from '../log.ts';
import { noteUse } from '../process/cache-use.ts';
import { sayDamaged } from '../process/cache.ts';
import { sha256 } from '../process/file-hash.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { hostAdvice } from './build-output.ts';
import { filterNames, runGit } from './run-git.ts';
import { takeIn } from './take-in.ts';
import { isKernelTree } from './source-tree.ts';

/** A user's kernel tree under git. sub1m only reads it; whatever sub1m makes lies in `folder`. */
export interface GitTree {
  /** The real path of its top folder. */
  readonly top: string;
  /** sub1m's own: an index, the files of one revision, and the git objects of uncommitted files. */
  readonly folder: string;
  readonly gitDir: string;
  readonly objects: string;
  readonly index: string;
}

/** A commit and its subject line. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** Separates a tree from its revision in a kernel reference: `~/linux@v6.12`. */
const AT = '@';

/** Hexadecimal digits of an id that a reader sees. */
const ID_DIGITS = 12;

/** The git tree whose top is this folder; undefined if there is none. */
export async function findGitTree(
  folder: string,
  { cacheDir, signal }: { readonly cacheDir: string; readonly signal: AbortSignal },
): Promise<GitTree | undefined> {
  if (!existsSync(join(folder, '.git'))) return undefined;
  const top = await realpath(folder);
  const paths = ['--git-path', 'objects', '--git-path', 'index'];
  const asked = ['rev-parse', '--path-format=absolute', '--absolute-git-dir', ...paths];
  // Git refuses another user's tree (safe.directory) with 128.
  const options = { signal, okExitCodes: [0, 128] };
  const [gitDir = '', objects = '', index = ''] = (await runGit(top, asked, options)).split('\n');
  if (index === '') return undefined;
  const own = join(cacheDir, 'trees', sha256(top));
  await noteUse(own, signal);
  await mkdir(join(own, 'objects'), { recursive: true });
  return { top, folder: own, gitDir, objects, index };
}

/** The tree and the revision of a reference such as `~/linux@HEAD~1`; undefined if it is none. */
export function parseRevision(
  ref: string,
): { readonly tree: string; readonly revision: string } | undefined {
  if (existsSync(ref)) return undefined;
  for (let at = ref.indexOf(AT); at !== -1; at = ref.indexOf(AT, at + 1)) {
    const tree = ref.slice(0, at);
    if (isKernelTree(tree)) return { tree, revision: ref.slice(at + 1) };
  }
  return undefined;
}

/** The reference of a revision of a tree. */
export function renderRevision({ top }: GitTree, id: string): string {
  return `${top}${AT}${id.slice(0, ID_DIGITS)}`;
}

/** The id of a commit of the tree, or undefined if it has no such revision. */
export async function findCommit(
  tree: GitTree,
  revision: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const id = await askRevision(tree, `${revision}^{commit}`, signal);
  return id === '' ? undefined : id;
}

/** The id of git's tree object that has the files of a revision. Throws `UsageError` if there is none. */
export async function requireFiles(
  tree: GitTree,
  revision: string,
  signal: AbortSignal,
): Promise<string> {
  const id = await askRevision(tree, `${revision}^{tree}`, signal);
  if (id !== '') return id;
  throw new UsageError(
    `Cannot find ${revision} in ${tree.top}: expected a commit, tag or branch; "git log" lists them`,
  );
}

function askRevision(tree: GitTree, revision: string, signal: AbortSignal): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', revision];
  return runGit(tree.top, args, { signal, env: storeOf(tree), okExitCodes: [0, 1, 128] });
}

/** A commit for people: the start of its id and its subject. */
export function subjectOf({ top }: GitTree, id: string, signal: AbortSignal): Promise<string> {
  return runGit(top, ['log', '-1', `--format=%h %s`, '--end-of-options', id], { signal });
}

/** The commits of a range such as `v6.12..HEAD`, the oldest first. */
export async function commitsOf(
  { top }: GitTree,
  range: string,
  signal: AbortSignal,
): Promise<Commit[]> {
  const args = ['log', '--reverse', '--first-parent', '--format=%H %s', '--end-of-options', range];
  const lines = (await runGit(top, args, { signal })).split('\n').filter((line) => line !== '');
  return lines.map((line) => ({
    id: line.slice(0, line.indexOf(' ')),
    subject: line.slice(line.indexOf(' ') + 1),
  }));
}

/**
 * The id of the files now in the user's folder, with uncommitted changes and new files, without ignored ones.
 * If they are those of HEAD, the id of that commit.
 */
export async function filesAsTheyStand(tree: GitTree, signal: AbortSignal): Promise<string> {
  const { top, index } = tree;
  const files = await withIndex(tree, signal, async (env, scratch) => {
    // The user's index knows which files have not changed.
    if (existsSync(index)) await copyFile(index, scratch);
    await takeIn(top, scratch, { signal, env: { ...env, GIT_WORK_TREE: top } });
  });
  const head = await findCommit(tree, 'HEAD', signal);
  const isHead = head !== undefined && (await requireFiles(tree, head, signal)) === files;
  return isHead ? head : files;
}

/** The folders of the tree that now hold files; see `filesAsTheyStand`. */
export async function foldersOf(tree: GitTree, signal: AbortSignal): Promise<string[]> {
  const files = await filesAsTheyStand(tree, signal);
  const args = ['ls-tree', '-r', '-d', '-z', '--name-only', files];
  const names = await runGit(tree.top, args, { signal, env: storeOf(tree) });
  return ['', ...names.split('\0')].map((name) => join(tree.top, name));
}

/** The id of the files that a patch in git's format turns others into. Throws `BuildError` if it does not apply. */
export async function patchedFiles(
  tree: GitTree,
  { files, patch }: { readonly files: string; readonly patch: string },
  signal: AbortSignal,
): Promise<string> {
  try {
    return await withIndex(tree, signal, async (env) => {
      await runGit(tree.top, ['read-tree', files], { signal, env });
      const apply = ['apply', '--cached', '--whitespace=nowarn', resolve(patch)];
      await runGit(tree.top, apply, { signal, env: { ...env, GIT_WORK_TREE: tree.top } });
    });
  } catch (error) {
    const said = error instanceof ProcessError && /^error: (.*)/m.exec(error.message)?.[1];
    if (!said || hostAdvice(error.message) !== undefined) throw error;
    throw new BuildError(`Cannot apply ${patch}: ${said}`, { cause: error });
  }
}

/**
 * Fills sub1m's own folder with these files; a file that does not change keeps its time, so that make skips it. What git
 * cannot work with is made anew, once. Throws `HostError` if that does not help.
 */
export async function checkOut(
  tree: GitTree,
  files: string,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): Promise<string> {
  const sources = join(tree.folder, 'tree');
  const index = join(tree.folder, 'index');
  const env = { ...storeOf(tree), GIT_INDEX_FILE: index, GIT_WORK_TREE: sources };
  const read = async (): Promise<void> => {
    await mkdir(sources, { recursive: true });
    // The caller holds the build's lock: whoever left this one was killed.
    await rm(`${index}.lock`, { force: true });
    await runGit(tree.top, ['read-tree', '--reset', '-u', files], { signal, env });
  };
  try {
    await read();
  } catch (error) {
    const why = whyDamaged(error);
    for (const path of [index, sources]) await rm(path, { recursive: true, force: true });
    try {
      await read();
    } catch (again) {
      // What git keeps of uncommitted files, which are then written anew.
      await rm(join(tree.folder, 'objects'), { recursive: true, force: true });
      const what = whyDamaged(again);
      throw new HostError(`Cannot check out ${files} of ${tree.top}: ${what}; try again`, {
        cause: again,
      });
    }
    sayDamaged(log, sources, why);
  }
  return sources;
}

/**
 * The files of the last `checkOut()` that a filter would have changed, such as those of git-lfs(1), by its name: no filter
 * is run, so that these are built as git keeps them.
 */
export async function filteredFiles(
  tree: GitTree,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const options = { signal, env: { ...storeOf(tree), GIT_INDEX_FILE: join(tree.folder, 'index') } };
  const found = new Map<string, string[]>();
  const filters = new Set(await filterNames(tree.top, options));
  if (filters.size === 0) return found;
  await using temp = await makeTempDir();
  const list = join(temp.path, 'files');
  await writeFile(list, await runGit(tree.top, ['ls-files', '-z'], options));
  const asked = ['check-attr', '-z', '--cached', '--stdin', 'filter'];
  const told = (await runGit(tree.top, asked, { ...options, input: list })).split('\0');
  for (let at = 0; at + 2 < told.length; at += 3) {
    const [path = '', , filter = ''] = told.slice(at, at + 3);
    if (!filters.has(filter)) continue;
    const paths = found.get(filter) ?? [];
    paths.push(path);
    found.set(filter, paths);
  }
  return found;
}

/** What git says, or the system; throws any other error. */
function whyDamaged(error: unknown): string {
  const known = fromSystemError(error, 'make its folder');
  if (known instanceof ProcessError || known instanceof HostError) return known.message;
  throw error;
}

/** Has `change` work on an index of its own, and gives the id of the files that are then in it. */
async function withIndex(
  tree: GitTree,
  signal: AbortSignal,
  change: (env: Readonly<Record<string, string>>, index: string) => Promise<void>,
): Promise<string> {
  await using temp = await makeTempDir();
  const index = join(temp.path, 'index');
  const env = { ...storeOf(tree), GIT_INDEX_FILE: index };
  await change(env, index);
  return await runGit(tree.top, ['write-tree'], { signal, env });
}

/** Git writes objects into sub1m's folder, and also reads the user's. */
function storeOf({ gitDir, objects, folder }: GitTree): Readonly<Record<string, string>> {
  return {
    GIT_DIR: gitDir,
    GIT_OBJECT_DIRECTORY: join(folder, 'objects'),
    GIT_ALTERNATE_OBJECT_DIRECTORIES: objects,
  };
}
