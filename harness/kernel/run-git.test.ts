// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  chown,
  mkdir,
  readFile,
  readdir,
  rename,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { silentLog } from '../log.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import {
  checkOut,
  commitsOf,
  filesAsTheyStand,
  filteredFiles,
  findCommit,
  findGitTree,
  foldersOf,
  patchedFiles,
  requireFiles,
  subjectOf,
} from './git-tree.ts';
import { filterNames, runGit } from './run-git.ts';
import { type HostileRepo, makeHostile } from './testing/hostile-repo-builder.ts';
import { makeKernelRepo, testGit } from './testing/kernel-repo-builder.ts';

const { signal } = new AbortController();

// Each makes a repository, with some thirty runs of git.
vi.setConfig({ hookTimeout: 60_000 });

let temp: TempDir;
let top: string;

beforeEach(async () => {
  temp = await makeTempDir();
  top = join(temp.path, 'linux');
  await makeKernelRepo(top);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await temp[Symbol.asyncDispose]();
});

const requireTree = async () => {
  const tree = await findGitTree(top, { cacheDir: join(temp.path, 'cache'), signal });
  if (tree === undefined) throw new Error('Expected a git tree');
  return tree;
};

describe('a tree with a hostile configuration', () => {
  let hostile: HostileRepo;

  beforeEach(async () => {
    hostile = await makeHostile(top, join(temp.path, 'programs'));
  });

  it('runs programs of its own when anybody uses it', async () => {
    await writeFile(join(top, 'Makefile'), 'changed\n');
    // A file that was made in the same second as the index is read, too: then the filter of Kbuild ends `add --all`.
    const object = '1'.repeat(40);
    for (const command of [
      'add Makefile',
      'add --all',
      'log -1 -p --ext-diff',
      `cat-file -p ${object}`,
    ]) {
      execFileSync('sh', ['-c', `cd '${top}' && git ${command} >/dev/null 2>&1 || true`]);
    }
    expect(await hostile.programsRun()).toEqual(
      expect.arrayContaining([
        'core.fsmonitor',
        'diff.evil.command',
        'filter.=e=v.il=.smudge',
        'gpg.program',
        'included-process',
        'remote',
        'submodule',
      ]),
    );
  });

  it('runs none of them for us, and tells what it holds', async () => {
    const before = await hostile.programsRun();
    const tree = await requireTree();
    const head = await findCommit(tree, 'HEAD', signal);
    expect(await commitsOf(tree, 'HEAD~1..HEAD', signal)).toEqual([
      { id: head, subject: 'init/main.sh: # hostile' },
    ]);
    expect(await subjectOf(tree, 'HEAD', signal)).toMatch(/^[0-9a-f]+ init\/main.sh: # hostile$/);
    await appendFile(join(top, 'Makefile'), '# mine\n');
    await writeFile(join(top, 'init/new.sh'), '# new\n');
    const files = await filesAsTheyStand(tree, signal);
    await foldersOf(tree, signal);
    const sources = await checkOut(tree, files, { signal, log: silentLog });
    expect(await readFile(join(sources, 'Makefile'), 'utf8')).toBe(
      await readFile(join(top, 'Makefile'), 'utf8'),
    );
    expect(await readdir(join(sources, 'init'))).toEqual(['main.sh', 'new.sh']);
    const patch = join(temp.path, 'x.patch');
    await writeFile(patch, '--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+x\n');
    await checkOut(tree, await patchedFiles(tree, { files, patch }, signal), {
      signal,
      log: silentLog,
    });
    // A partial clone would fetch it.
    await expect(requireFiles(tree, '1'.repeat(40), signal)).rejects.toThrow('Cannot find 1111');
    expect(await hostile.programsRun()).toEqual(before);
  });

  it('says which files a filter would have changed', async () => {
    const tree = await requireTree();
    await checkOut(tree, 'HEAD', { signal, log: silentLog });
    expect(await filteredFiles(tree, signal)).toEqual(
      new Map([
        ['=e=v.il=', ['init/main.sh']],
        ['long', ['Kbuild']],
        // A pattern without a slash matches in every folder.
        ['evil', ['Makefile', 'arch/x86/Makefile', 'scripts/kconfig/Makefile']],
      ]),
    );
  });
});

it('finds every filter that the configuration names, and none where there is none', async () => {
  vi.stubEnv('GIT_CONFIG_GLOBAL', '/dev/null');
  expect(await filterNames(top, { signal })).toEqual([]);
  await testGit(top, 'config', 'filter.a.b=c d.clean', 'x');
  await testGit(top, 'config', 'filter.a.b=c d.smudge', 'x');
  await testGit(top, 'config', 'filter.lfs.process', 'x');
  expect(await filterNames(top, { signal })).toEqual(['a.b=c d', 'lfs']);
});

it('takes in new, removed and replaced files, and no repository inside of the tree', async () => {
  const tree = await requireTree();
  await mkdir(join(top, 'nested'));
  await testGit(join(top, 'nested'), 'init', '--quiet');
  await writeFile(join(top, 'nested/file'), 'none of ours\n');
  execFileSync('rm', ['-r', join(top, 'init')]);
  await writeFile(join(top, 'init'), 'a file that was a folder\n');
  execFileSync('rm', [join(top, 'Kbuild')]);
  await mkdir(join(top, 'Kbuild'));
  await writeFile(join(top, 'Kbuild/file'), 'in a folder that was a file\n');
  await mkdir(join(top, 'scripts/other'));
  await rename(join(top, 'scripts/kconfig'), join(top, 'scripts/other/kconfig'));
  await symlink('other/kconfig', join(top, 'scripts/kconfig'));
  const files = await filesAsTheyStand(tree, signal);
  const sources = await checkOut(tree, files, { signal, log: silentLog });
  await testGit(top, 'add', '--all', ':!nested');
  expect(files).toBe(await testGit(top, 'write-tree'));
  const names = await readdir(sources, { recursive: true });
  expect(names).toEqual(expect.arrayContaining(['init', 'Kbuild/file']));
  expect(names.filter((name) => name.startsWith('nested') || name.startsWith('init/'))).toEqual([]);
});

it('is not led away by what git sets for the programs that it runs', async () => {
  const head = await testGit(top, 'rev-parse', 'HEAD');
  for (const name of ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY']) {
    vi.stubEnv(name, join(temp.path, 'elsewhere'));
  }
  vi.stubEnv('GIT_EXTERNAL_DIFF', join(temp.path, 'no-program'));
  expect(await runGit(top, ['rev-parse', 'HEAD'], { signal })).toBe(head);
  expect(await runGit(top, ['diff-tree', '-p', '--no-ext-diff', 'HEAD'], { signal })).toContain(
    '+# one',
  );
});

// Only root can give a tree away.
it.runIf(process.getuid?.() === 0)('asks the user which trees of others may be read', async () => {
  const config = join(temp.path, 'gitconfig');
  vi.stubEnv('GIT_CONFIG_GLOBAL', config);
  await chown(top, 12_345, 12_345);
  await writeFile(config, '');
  expect(await findGitTree(top, { cacheDir: temp.path, signal })).toBeUndefined();
  await writeFile(config, `[safe]\n\tdirectory = ${top}\n`);
  expect((await findGitTree(top, { cacheDir: temp.path, signal }))?.top).toBe(top);
});
