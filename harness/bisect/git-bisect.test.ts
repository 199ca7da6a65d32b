// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import type { Boot, Change } from './answers.ts';
import { type BisectEnd, type Find, bisect } from './bisect.ts';
import { type Sign, bootOf } from './testing/change-builder.ts';
import { CommitRange } from './git-bisect.ts';

const { signal } = new AbortController();

function git(tree: string, ...args: readonly string[]): string {
  return execFileSync('git', ['-C', tree, ...args], { encoding: 'utf8', stdio: 'pipe' }).trim();
}

/**
 * A repository with a commit for each sign, whose file `sign` says what its kernel would show, and a tag for each: `c0`,
 * `c1`, …; on the branch `side` a commit on top of `c1`.
 */
async function makeRepository(signs: string) {
  const temp = await makeTempDir();
  const tree = join(temp.path, 'linux');
  execFileSync('git', ['init', '--quiet', '--initial-branch=main', tree]);
  const stream = signs
    .split('')
    .flatMap((sign, index) => [
      ...commit('main', index, sign),
      `reset refs/tags/c${index}\nfrom refs/heads/main\n`,
    ]);
  stream.push('reset refs/heads/side\nfrom refs/tags/c1\n', ...commit('side', signs.length, '+'));
  execFileSync('git', ['-C', tree, 'fast-import', '--quiet'], { input: stream.join('\n') });
  git(tree, 'checkout', '--quiet', 'main');
  const folders = { folder: join(temp.path, 'state'), cacheDir: join(temp.path, 'cache') };
  return { temp, tree, context: { ...folders, signal } };
}

/** A commit for `git fast-import`. */
function commit(branch: string, index: number, sign: string): string[] {
  const message = `Change ${index}`;
  return [
    `commit refs/heads/${branch}`,
    `committer A <a@b.example> ${1_600_000_000 + index} +0000`,
    `data ${message.length}\n${message}`,
    `M 644 inline sign\ndata 1\n${sign}`,
    `M 644 inline file-${index}\ndata 1\n${sign}\n`,
  ];
}

type Repository = Awaited<ReturnType<typeof makeRepository>>;

interface Words {
  readonly find?: Find;
  readonly boots?: Boot[];
}

/** Bisects from the first to the last commit, or from the last to the first; a reverted one shows `+`. */
async function search(
  { tree, context }: Repository,
  { find = 'break', boots = [] }: Words = {},
): Promise<
  BisectEnd & { readonly log: string; readonly booted: string[]; readonly length: number }
> {
  const [good, bad] = find === 'break' ? ['c0', 'main'] : ['main', 'c0'];
  const range = await CommitRange.open({ tree, good, bad, find }, context);
  const booted: string[] = [];
  const boot = async (change: Change): Promise<void> => {
    const isCommit = /^[0-9a-f]+$/.test(change.id);
    const sign = isCommit ? git(tree, 'show', `${change.id}:sign`) : '+';
    booted.push(change.subject);
    boots.push(bootOf(change, sign as Sign));
    await Promise.resolve();
  };
  const words = { reason: null, confidence: 0.99, boots: () => boots, onStep: () => {} };
  const end = await bisect({ range, find, boot, ...words });
  return { ...end, booted, log: range.log() ?? '', length: range.length };
}

/** What the log says when it is replayed in a copy of the tree. */
async function replay({ tree, temp }: Repository, log: string): Promise<string> {
  const copy = join(temp.path, 'copy');
  await cp(tree, copy, { recursive: true });
  await writeFile(join(temp.path, 'log'), log);
  return git(copy, 'bisect', 'replay', join(temp.path, 'log'));
}

// Each step is ten processes of git.
describe('a range of commits', { timeout: 60_000 }, () => {
  it('is bisected by git, around what does not build, and the log replays', async () => {
    const repository = await makeRepository('+++++?+?+---?----');
    await using _ = repository.temp;
    const { tree } = repository;
    const before = [git(tree, 'for-each-ref'), git(tree, 'worktree', 'list')];
    const { outcome, log, length, booted } = await search(repository);
    expect(outcome).toMatchObject({
      kind: 'found',
      first: { subject: 'Change 9' },
      before: { subject: 'Change 8' },
    });
    expect(length).toBe(16);
    expect(booted).toContain('Change 12');
    expect(log).toContain('# first bad commit: [');
    expect(await replay(repository, log)).toContain('is the first bad commit');
    expect([git(tree, 'for-each-ref'), git(tree, 'worktree', 'list')]).toEqual(before);
    expect(git(tree, 'status', '--porcelain')).toBe('');
  });

  it('is searched for a fix, in terms that git accepts', async () => {
    const repository = await makeRepository('-----++');
    await using _ = repository.temp;
    const { outcome, log } = await search(repository, { find: 'fix' });
    expect(outcome).toMatchObject({ kind: 'found', first: { subject: 'Change 5' } });
    expect(await replay(repository, log)).toContain('is the first fixed commit');
  });

  it('can be a commit and its child, which is named at once', async () => {
    const repository = await makeRepository('+-');
    await using _ = repository.temp;
    const { outcome, log } = await search(repository);
    expect(outcome).toMatchObject({
      kind: 'found',
      first: { subject: 'Change 1' },
      before: { subject: 'Change 0' },
    });
    expect(log).toContain('# first bad commit: [');
  });

  it('resumes after an earlier run, and repeats no boot', async () => {
    const repository = await makeRepository('++++++?---');
    await using _ = repository.temp;
    const boots: Boot[] = [];
    const whole = await search(repository, { boots });
    const rest = await search(repository, { boots: boots.slice(0, 4) });
    expect(rest.outcome).toEqual(whole.outcome);
    expect(rest.booted).toEqual(whole.booted.slice(4));
    expect(rest.log).toBe(whole.log);
  });

  it('names all candidates if the commits between do not build', async () => {
    const repository = await makeRepository('++??--');
    await using _ = repository.temp;
    const { outcome, log } = await search(repository);
    expect(outcome).toMatchObject({
      kind: 'skips-left',
      candidates: [{ subject: 'Change 2' }, { subject: 'Change 3' }, { subject: 'Change 4' }],
    });
    expect(log).toContain('# only skipped commits left to test');
  });

  it('has no log to replay if an end cannot be judged', async () => {
    const repository = await makeRepository('+-?');
    await using _ = repository.temp;
    const { outcome, log } = await search(repository);
    expect({ kind: outcome.kind, log }).toEqual({ kind: 'end-untold', log: '' });
  });

  it('returns the new end without a commit, unless that does not revert', async () => {
    const repository = await makeRepository('+-!');
    await using _ = repository.temp;
    const { tree, context } = repository;
    const range = await CommitRange.open({ tree, good: 'c0', bad: 'main', find: 'break' }, context);
    const without = (name: string) =>
      range.revert({ ...range.new, id: git(tree, 'rev-parse', name) });
    const kernel = expect.stringMatching(/linux@[0-9a-f]{40}$/) as string;
    expect(await without('c2')).toMatchObject({ kernel });
    expect(await without('c1')).toBe('It does not revert cleanly on the new end');
  });

  it('says whether the tree has uncommitted changes', async () => {
    const repository = await makeRepository('+-');
    await using _ = repository.temp;
    const ends = { tree: repository.tree, good: 'c0', bad: 'c1', find: 'break' } as const;
    const range = await CommitRange.open(ends, repository.context);
    expect(await range.isDirty()).toBe(false);
    await writeFile(join(repository.tree, 'sign'), 'changed');
    expect(await range.isDirty()).toBe(true);
  });

  it.each([
    { good: 'c0', bad: 'v9', message: 'Cannot find v9 in ' },
    { good: 'c1', bad: 'c1', message: 'both ends are the same commit' },
    { good: 'c3', bad: 'c0', message: 'good and bad are swapped: the bad commit is an ancestor' },
    { good: 'c0', bad: 'c3', find: 'fix', message: 'leave out --find fix' },
  ] as const)('refuses $good to $bad', async ({ message, ...words }) => {
    const repository = await makeRepository('++--');
    await using _ = repository.temp;
    const ends = { tree: repository.tree, find: 'break', ...words } as const;
    const refused = CommitRange.open(ends, repository.context);
    await expect(refused).rejects.toThrow(UsageError);
    await expect(refused).rejects.toThrow(message);
  });

  it('refuses a folder that is not under git', async () => {
    await using temp = await makeTempDir();
    const context = { folder: temp.path, cacheDir: temp.path, signal };
    const ends = { tree: temp.path, good: 'a', bad: 'b', find: 'break' } as const;
    await expect(CommitRange.open(ends, context)).rejects.toThrow('expected the top of a git tree');
  });
});
