// SPDX-License-Identifier: MIT
import { appendFile, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { BuildError, HostError, ProcessError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import {
  type GitTree,
  checkOut,
  commitsOf,
  filesAsTheyStand,
  findCommit,
  findGitTree,
  parseRevision,
  patchedFiles,
  requireFiles,
} from './git-tree.ts';
import { commitLine, makeKernelRepo, testGit } from './testing/kernel-repo-builder.ts';

const { signal } = new AbortController();

interface Repo extends TempDir {
  readonly top: string;
  readonly git: GitTree;
}

async function makeRepo(): Promise<Repo> {
  const temp = await makeTempDir();
  const top = join(temp.path, 'linux');
  await makeKernelRepo(top);
  const git = await findGitTree(top, { cacheDir: join(temp.path, 'cache'), signal });
  if (git === undefined) throw new Error('Expected a git tree');
  return { ...temp, top, git };
}

/** Everything in the repository that a user could see change. */
async function whatTheUserHas(top: string): Promise<unknown> {
  const index = await readFile(join(top, '.git/index'));
  const objects = await readdir(join(top, '.git/objects'), { recursive: true });
  const words = await Promise.all([
    testGit(top, 'for-each-ref'),
    testGit(top, 'worktree', 'list'),
    testGit(top, 'symbolic-ref', 'HEAD'),
  ]);
  return { index: index.toString('base64'), objects: objects.toSorted(), words };
}

describe('a kernel tree under git', () => {
  it('has commits, files, and ranges of them', async () => {
    await using repo = await makeRepo();
    const head = await testGit(repo.top, 'rev-parse', 'HEAD');
    expect(await findCommit(repo.git, 'main', signal)).toBe(head);
    expect(await findCommit(repo.git, 'no-such', signal)).toBeUndefined();
    expect(await findCommit(repo.git, '--all', signal)).toBeUndefined();
    const files = await requireFiles(repo.git, 'HEAD', signal);
    expect(files).toBe(await testGit(repo.top, 'rev-parse', 'HEAD^{tree}'));
    await expect(requireFiles(repo.git, 'v9', signal)).rejects.toThrow(
      new UsageError(
        `Cannot find v9 in ${repo.git.top}: expected a commit, tag or branch; "git log" lists them`,
      ),
    );
    expect(await commitsOf(repo.git, 'HEAD~1..HEAD', signal)).toEqual([
      { id: head, subject: 'init/main.sh: # one' },
    ]);
  });

  it('is not found where there is no git', async () => {
    await using temp = await makeTempDir();
    expect(await findGitTree(temp.path, { cacheDir: temp.path, signal })).toBeUndefined();
  });

  it('has its present files: changed and new ones, none that git ignores; the repository does not change', async () => {
    await using repo = await makeRepo();
    const head = await testGit(repo.top, 'rev-parse', 'HEAD');
    await writeFile(join(repo.top, 'main.o'), 'built here');
    expect(await filesAsTheyStand(repo.git, signal)).toBe(head);
    await appendFile(join(repo.top, 'init/main.sh'), '# two\n');
    await writeFile(join(repo.top, 'init/new.sh'), '# new\n');
    const before = await whatTheUserHas(repo.top);
    const files = await filesAsTheyStand(repo.git, signal);
    const sources = await checkOut(repo.git, files, { signal, log: silentLog });
    expect(await whatTheUserHas(repo.top)).toEqual(before);
    expect(await readFile(join(sources, 'init/main.sh'), 'utf8')).toMatch(/# one\n# two\n$/);
    expect(await readdir(join(sources, 'init'))).toEqual(['main.sh', 'new.sh']);
    expect(await readdir(sources)).not.toContain('main.o');
  });

  it('is checked out again, repairing what a killed run left; files that do not change keep their times', async () => {
    await using repo = await makeRepo();
    const sources = await checkOut(repo.git, 'HEAD', { signal, log: silentLog });
    const { mtimeMs } = await stat(join(sources, 'Makefile'));
    await writeFile(join(repo.git.folder, 'index.lock'), '');
    await writeFile(join(sources, 'Kbuild'), 'half');
    await checkOut(repo.git, 'HEAD~1', { signal, log: silentLog });
    expect(await readFile(join(sources, 'init/main.sh'), 'utf8')).not.toContain('# one');
    expect(await readFile(join(sources, 'Kbuild'), 'utf8')).toBe('');
    expect((await stat(join(sources, 'Makefile'))).mtimeMs).toBe(mtimeMs);
  });

  it.each([
    ['an index cut to nothing', 'index', (path: string) => writeFile(path, '')],
    ['an index of other bytes', 'index', (path: string) => writeFile(path, 'x'.repeat(200))],
    [
      'a file where the files belong',
      'tree',
      async (path: string) => {
        await rm(path, { recursive: true });
        await writeFile(path, '');
      },
    ],
  ] as const)('is checked out anew, once, if there is %s', async (_, name, damage) => {
    await using repo = await makeRepo();
    const said: string[] = [];
    const options = { signal, log: heardLog(said, 'warn') };
    const sources = await checkOut(repo.git, 'HEAD', options);
    const before = await readFile(join(sources, 'init/main.sh'), 'utf8');
    await damage(join(repo.git.folder, name));
    for (let times = 0; times < 2; times++) await checkOut(repo.git, 'HEAD', options);
    expect(await readFile(join(sources, 'init/main.sh'), 'utf8')).toBe(before);
    expect(said).toEqual([
      expect.stringMatching(/^cache: \S+\/tree was damaged \(.*\); made anew$/),
    ]);
  });

  it('of uncommitted files whose objects are damaged can be read the next time', async () => {
    await using repo = await makeRepo();
    await appendFile(join(repo.top, 'init/main.sh'), '# two\n');
    const files = await filesAsTheyStand(repo.git, signal);
    const objects = join(repo.git.folder, 'objects');
    const entries = await readdir(objects, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile())) {
      const path = join(entry.parentPath, entry.name);
      await rm(path);
      await writeFile(path, '');
    }
    const options = { signal, log: silentLog };
    await expect(checkOut(repo.git, files, options)).rejects.toThrow(HostError);
    await mkdir(objects, { recursive: true });
    expect(await filesAsTheyStand(repo.git, signal)).toBe(files);
    const sources = await checkOut(repo.git, files, options);
    expect(await readFile(join(sources, 'init/main.sh'), 'utf8')).toContain('# two');
  });

  it('takes one patch after another, and says which does not apply', async () => {
    await using repo = await makeRepo();
    await commitLine(repo.top, 'init/main.sh', '# two');
    const patch = join(repo.path, 'two.patch');
    await writeFile(patch, `${await testGit(repo.top, 'format-patch', '--stdout', '-1')}\n`);
    const files = await patchedFiles(repo.git, { files: 'HEAD~1', patch }, signal);
    expect(files).toBe(await testGit(repo.top, 'rev-parse', 'HEAD^{tree}'));
    await expect(patchedFiles(repo.git, { files, patch }, signal)).rejects.toThrow(
      new BuildError(`Cannot apply ${patch}: patch failed: init/main.sh:1`),
    );
  });

  it('does not blame a patch for a full disk', async () => {
    await using repo = await makeRepo();
    const full = `#!/bin/sh\ncase "$*" in *apply*) echo 'error: x: No space left on device' >&2; exit 1; esac\n`;
    await writeFile(join(repo.path, 'git'), full, { mode: 0o755 });
    vi.stubEnv('PATH', `${repo.path}:${process.env['PATH']}`);
    const patched = patchedFiles(repo.git, { files: 'HEAD', patch: 'x.patch' }, signal);
    await expect(patched).rejects.toThrow(ProcessError);
    vi.unstubAllEnvs();
  });
});

describe('parseRevision', () => {
  it('splits a reference where a kernel tree ends', async () => {
    await using repo = await makeRepo();
    expect(parseRevision(`${repo.top}@HEAD@{1}`)).toEqual({
      tree: repo.top,
      revision: 'HEAD@{1}',
    });
    expect(parseRevision(`${repo.top}@x86/urgent`)?.revision).toBe('x86/urgent');
    expect(parseRevision(repo.top)).toBeUndefined();
    expect(parseRevision('me@example.org')).toBeUndefined();
  });
});
