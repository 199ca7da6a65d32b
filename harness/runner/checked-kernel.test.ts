// SPDX-License-Identifier: MIT
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { makeKernelRepo, testGit } from '../kernel/testing/kernel-repo-builder.ts';
import { writeKernelTree } from '../kernel/testing/kernel-tree-builder.ts';
import { silentLog } from '../log.ts';
import type { PackageContext } from '../package/package-lists.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { asItStands, requireBase, requireTreeAround } from './checked-kernel.ts';

const { signal } = new AbortController();

interface Repo extends TempDir {
  readonly tree: string;
  readonly context: PackageContext;
  readonly head: string;
}

async function makeRepo(): Promise<Repo> {
  const temp = await makeTempDir();
  const tree = join(temp.path, 'linux');
  await makeKernelRepo(tree);
  const context = { cacheDir: join(temp.path, 'cache'), mirror: undefined, signal, log: silentLog };
  const head = await testGit(tree, 'rev-parse', 'HEAD');
  return { ...temp, tree, context, head: head.slice(0, 12) };
}

describe('the kernel that is checked', () => {
  it('is the tree around the current folder', async () => {
    await using repo = await makeRepo();
    expect(requireTreeAround(join(repo.tree, 'arch/x86'))).toBe(repo.tree);
    expect(() => requireTreeAround(repo.path)).toThrow(
      new UsageError(
        `Cannot tell which kernel to check: ${repo.path} is in no kernel tree; change into one, or name a kernel`,
      ),
    );
  });

  it('is the commit of a tree with nothing changed, and the files of one with changes', async () => {
    await using repo = await makeRepo();
    expect(await asItStands(repo.tree, repo.context)).toBe(`${repo.tree}@${repo.head}`);
    await appendFile(join(repo.tree, 'init/main.sh'), '# two\n');
    const changed = await asItStands(repo.tree, repo.context);
    expect(changed).toMatch(/linux@[0-9a-f]{12}$/);
    expect(changed).not.toContain(repo.head);
  });

  it('stays what it is where there is no git', async () => {
    await using repo = await makeRepo();
    const bare = join(repo.path, 'unpacked');
    await writeKernelTree(bare);
    expect(await asItStands(bare, repo.context)).toBe(bare);
    expect(await asItStands('debian:6.12', repo.context)).toBe('debian:6.12');
  });
});

describe('the base', () => {
  it('is a commit of the tree that is checked before it is anything else', async () => {
    await using repo = await makeRepo();
    const checked = await asItStands(repo.tree, repo.context);
    await testGit(repo.tree, 'branch', 'init');
    const base = { ref: `${repo.tree}@${repo.head}` };
    expect(await requireBase('init', checked, repo.context)).toMatchObject(base);
    const { name } = await requireBase('HEAD', repo.tree, repo.context);
    expect(name).toMatch(/^HEAD \([0-9a-f]{7,} init\/main\.sh: # one\)$/);
  });

  it('is any kernel', async () => {
    await using repo = await makeRepo();
    const { tree, context, head } = repo;
    for (const ref of ['debian:6.12', 'recipe:plain-6.12', `${tree}@HEAD~1`]) {
      expect(await requireBase(ref, 'debian:6.1', context)).toEqual({ ref, name: ref });
    }
    const other = await requireBase(tree, 'debian:6.1', context);
    expect(other).toEqual({ ref: `${tree}@${head}`, name: tree });
    await expect(requireBase('v9', tree, context)).rejects.toThrow(
      new UsageError(
        'Cannot use the base v9: expected a commit of the checked tree, or a kernel; it is neither',
      ),
    );
  });
});
