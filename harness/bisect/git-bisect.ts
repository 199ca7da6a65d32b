// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BuildError, UsageError } from '../errors.ts';
import {
  type GitTree,
  findCommit,
  findGitTree,
  patchedFiles,
  requireFiles,
} from '../kernel/git-tree.ts';
import { runGit } from '../kernel/run-git.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { Change } from './answers.ts';
import type { Find } from './bisect.ts';
import type { ChangeRange, SearchStep, Side } from './linear-search.ts';

/** Commits to bisect, as the user names them. */
export interface CommitEnds {
  /** The top folder of a git tree. */
  readonly tree: string;
  readonly good: string;
  readonly bad: string;
  readonly find: Find;
}

interface CommitContext {
  /** Where git keeps the state of the bisection; recreated at each step. */
  readonly folder: string;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
}

/** What git calls the two sides of the change. */
const TERMS = {
  break: { old: 'good', new: 'bad', options: '' },
  fix: { old: 'broken', new: 'fixed', options: "'--term-old=broken' '--term-new=fixed' " },
} as const satisfies Record<Find, Readonly<Record<'old' | 'new' | 'options', string>>>;

const NO_CHECKOUT = "'--no-checkout' ";
const COMMIT = /^[0-9a-f]{40,64}$/;

/** The status of `git bisect` if only skipped commits are left. */
const EXIT_ONLY_SKIPPED = 2;

/**
 * The status of git 2.39 if the ends are a commit and its child: it names the child, as it should,
 * but exits with this.
 */
const EXIT_FOUND_AT_ONCE = 1;

/**
 * The commits between two of a user's tree, searched by `git bisect`. The tree is not touched: like
 * a worktree, a folder of sub1m's own keeps the state of bisect (its log, HEAD, refs/bisect) and
 * uses the objects of the tree. Nothing is checked out there, because builds have files of their
 * own. Each step replays all answers, so an answer may change, and a step that was killed leaves
 * nothing behind.
 */
export class CommitRange implements ChangeRange {
  readonly old: Change;
  readonly new: Change;
  readonly length: number;
  readonly #tree: GitTree;
  readonly #find: Find;
  readonly #git: Git;
  readonly #signal: AbortSignal;
  #log: string | null = null;

  private constructor(found: FoundRange, find: Find, signal: AbortSignal) {
    ({
      old: this.old,
      new: this.new,
      length: this.length,
      tree: this.#tree,
      git: this.#git,
    } = found);
    this.#find = find;
    this.#signal = signal;
  }

  /** Throws `UsageError` if there is no such range: no git tree, an unknown commit, a single commit, swapped ends. */
  static async open(ends: CommitEnds, context: CommitContext): Promise<CommitRange> {
    return new CommitRange(await findRange(ends, context), ends.find, context.signal);
  }

  async next(sides: ReadonlyMap<string, Side>): Promise<SearchStep> {
    await using temp = await makeTempDir();
    const replay = join(temp.path, 'log');
    await writeFile(replay, this.#logOf(sides));
    await this.#git.reset(this.old.id);
    const atOnce = this.length === 1 ? [EXIT_FOUND_AT_ONCE] : [];
    const said = await this.#git.run(
      ['bisect', 'replay', replay],
      [0, EXIT_ONLY_SKIPPED, ...atOnce],
    );
    this.#log = await this.#git.log();
    return (await this.#findEnd(sides)) ?? (await this.#ask(said));
  }

  log(): string | null {
    return this.#log && this.#log.replaceAll(NO_CHECKOUT, '');
  }

  /** Whether the tree has uncommitted changes. */
  async isDirty(): Promise<boolean> {
    const status = ['status', '--porcelain', '--untracked-files=no', '--ignore-submodules=all'];
    return (await runGit(this.#tree.top, status, { signal: this.#signal })) !== '';
  }

  async revert({ id, subject }: Change): Promise<Change | string> {
    const parents = await this.#parentsOf(id);
    if (parents.length !== 1) return 'It is a merge, which cannot be reverted on its own';
    await using temp = await makeTempDir();
    const patch = join(temp.path, 'revert.patch');
    const plain = ['-p', '--binary', '--no-ext-diff', '--no-textconv'];
    await this.#git.run(['diff-tree', ...plain, `--output=${patch}`, id, parents[0] ?? '']);
    try {
      const files = await requireFiles(this.#tree, this.new.id, this.#signal);
      const reverted = await patchedFiles(this.#tree, { files, patch }, this.#signal);
      return {
        id: `revert of ${id.slice(0, 12)}`,
        subject: `Revert "${subject}"`,
        kernel: `${this.#tree.top}@${reverted}`,
      };
    } catch (error) {
      if (error instanceof BuildError) return 'It does not revert cleanly on the new end';
      throw error;
    }
  }

  #logOf(sides: ReadonlyMap<string, Side>): string {
    const terms = { ...TERMS[this.#find], skip: 'skip' };
    const start = `git bisect start ${NO_CHECKOUT}${terms.options}'${this.new.id}' '${this.old.id}'`;
    const known = [this.old.id, this.new.id];
    const answers = [...sides].filter(([id]) => COMMIT.test(id) && !known.includes(id));
    return [start, ...answers.map(([id, side]) => `git bisect ${terms[side]} ${id}`), ''].join(
      '\n',
    );
  }

  /** How the search ended, from the end of the log of git; undefined if it goes on. */
  async #findEnd(sides: ReadonlyMap<string, Side>): Promise<SearchStep | undefined> {
    const log = this.#log ?? '';
    const term = TERMS[this.#find].new;
    const named = [
      ...log.matchAll(new RegExp(`^# (possible )?first ${term} commit: \\[(\\w+)\\]`, 'gm')),
    ];
    const changes = await Promise.all(named.map(([, , id = '']) => this.#changeOf(id)));
    const [first] = changes;
    if (!first) return undefined;
    if (named[0]?.[1] !== undefined) {
      return { kind: 'skips-left', candidates: changes.toReversed(), before: this.old };
    }
    return { kind: 'found', first, before: await this.#lastBefore(first, sides) };
  }

  /** The parent that was judged; before a merge there may be none, and the old end stands in for it. */
  async #lastBefore({ id }: Change, sides: ReadonlyMap<string, Side>): Promise<Change> {
    const parents = await this.#parentsOf(id);
    const asked = parents.find((parent) => sides.get(parent) === 'old');
    return asked === undefined ? this.old : this.#changeOf(asked);
  }

  async #ask(said: string): Promise<SearchStep> {
    const change = await this.#changeOf(await this.#git.run(['rev-parse', 'BISECT_HEAD']));
    const numbers = [...said.matchAll(/(\d+) revisions? left .*roughly (\d+) step/g)].at(-1) ?? [];
    return { kind: 'ask', change, left: Number(numbers[1] ?? 0), steps: Number(numbers[2] ?? 0) };
  }

  #changeOf(id: string): Promise<Change> {
    return changeOf(this.#git, this.#tree, id);
  }

  async #parentsOf(id: string): Promise<string[]> {
    return (await this.#git.run(['show', '--no-patch', '--format=%P', id])).split(' ');
  }
}

interface FoundRange {
  readonly old: Change;
  readonly new: Change;
  readonly length: number;
  readonly tree: GitTree;
  readonly git: Git;
}

async function findRange(
  { tree: path, good, bad, find }: CommitEnds,
  { folder, cacheDir, signal }: CommitContext,
): Promise<FoundRange> {
  const tree = await findGitTree(path, { cacheDir, signal });
  if (!tree) throw new UsageError(`Cannot bisect ${path}: expected the top of a git tree`);
  const git = await Git.of(tree, folder, signal);
  const [goodId, badId] = [
    await requireCommit(tree, good, signal),
    await requireCommit(tree, bad, signal),
  ];
  if (goodId === badId) {
    throw new UsageError(
      `Cannot bisect ${good}..${bad}: both ends are the same commit; name an older or a newer one`,
    );
  }
  const [oldId, newId] = find === 'break' ? [goodId, badId] : [badId, goodId];
  await git.reset(oldId);
  if ((await git.run(['rev-list', '--count', `${oldId}..${newId}`])) === '0') {
    const words = find === 'break' ? ['good', 'bad'] : ['bad', 'good'];
    throw new UsageError(
      `Cannot bisect: good and bad are swapped: the ${words[1]} commit is an ancestor of the ${words[0]} one; ` +
        (find === 'break'
          ? 'to find what fixed it, say --find fix'
          : 'to find what broke it, leave out --find fix'),
    );
  }
  const length = Number(await git.run(['rev-list', '--count', `${oldId}..${newId}`]));
  return {
    old: await changeOf(git, tree, oldId),
    new: await changeOf(git, tree, newId),
    length,
    tree,
    git,
  };
}

async function requireCommit(tree: GitTree, name: string, signal: AbortSignal): Promise<string> {
  const id = await findCommit(tree, name, signal);
  if (id !== undefined) return id;
  throw new UsageError(
    `Cannot find ${name} in ${tree.top}: expected a commit, tag or branch; "git log" and "git tag" list them`,
  );
}

async function changeOf(git: Git, { top }: GitTree, id: string): Promise<Change> {
  const subject = await git.run(['show', '--no-patch', '--format=%s', id]);
  return { id, subject, kernel: `${top}@${id}` };
}

/** Git with the user's objects, and a HEAD, a bisect log and `refs/bisect` of its own (gitrepository-layout(5)). */
class Git {
  readonly #folder: string;
  readonly #commonDir: string;
  readonly #signal: AbortSignal;

  private constructor(folder: string, commonDir: string, signal: AbortSignal) {
    this.#folder = folder;
    this.#commonDir = commonDir;
    this.#signal = signal;
  }

  static async of({ top }: GitTree, folder: string, signal: AbortSignal): Promise<Git> {
    const asked = ['rev-parse', '--path-format=absolute', '--git-common-dir'];
    return new Git(folder, await runGit(top, asked, { signal }), signal);
  }

  /** Discards the state of bisect. */
  async reset(head: string): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true });
    await writeFile(join(this.#folder, 'HEAD'), `${head}\n`);
  }

  run(args: readonly string[], okExitCodes: readonly number[] = [0]): Promise<string> {
    const env = { GIT_DIR: this.#folder, GIT_COMMON_DIR: this.#commonDir };
    return runGit(this.#folder, args, { signal: this.#signal, env, okExitCodes });
  }

  log(): Promise<string> {
    return readFile(join(this.#folder, 'BISECT_LOG'), 'utf8');
  }
}
