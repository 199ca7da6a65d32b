// SPDX-License-Identifier: MIT
import { copyFile, mkdir, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { findTreeDamage, noteTree, readUnpacked } from './source-list.ts';

const { signal } = new AbortController();
const MAIN = 'int main;\n';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
  await mkdir(at('tree/init'), { recursive: true });
  await writeFile(at('tree/Makefile'), 'all:\n');
  await writeFile(at('tree/init/main.c'), MAIN);
  await writeFile(at('tree/a file with spaces  and\ttabs'), 'x');
  await symlink('Makefile', at('tree/link'));
  await noteTree(temp.path, signal);
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

function at(path: string): string {
  return join(temp.path, path);
}

function damage(): Promise<string | null> {
  return findTreeDamage(temp.path, signal);
}

it('finds nothing in a tree that is as it was, or whose times alone have changed', async () => {
  expect(await damage()).toBeNull();
  for (const file of ['Makefile', 'init/main.c']) await utimes(at(`tree/${file}`), 1, 1);
  expect(await damage()).toBeNull();
});

it('finds nothing in a tree with patches: changed files that have their originals, and new ones', async () => {
  await mkdir(at('original/init'), { recursive: true });
  await copyFile(at('tree/init/main.c'), at('original/init/main.c'));
  await writeFile(at('original/init/x.sub1m-unfinished'), 'half');
  await writeFile(at('tree/init/main.c'), 'int patched;\n');
  await writeFile(at('tree/init/new.c'), '');
  expect(await damage()).toBeNull();
  await rm(at('tree/init/main.c'));
  expect(await damage()).toBeNull();
});

it.each([
  {
    what: 'a file cut to nothing',
    make: () => truncate(at('tree/init/main.c'), 0),
    found: `tree/init/main.c: expected sha256 ${sha256(MAIN)}, found ${sha256('')}`,
  },
  {
    what: 'a file of other bytes and the same size',
    make: () => writeFile(at('tree/init/main.c'), 'int mein;\n'),
    found: `tree/init/main.c: expected sha256 ${sha256(MAIN)}, found ${sha256('int mein;\n')}`,
  },
  {
    what: 'a file that is gone',
    make: () => rm(at('tree/init/main.c')),
    found: 'tree/init/main.c: expected it, found nothing',
  },
  {
    what: 'a folder that is gone',
    make: () => rm(at('tree/init'), { recursive: true }),
    found: 'tree/init/main.c: expected it, found nothing',
  },
  {
    what: 'a link that leads elsewhere',
    make: async () => {
      await rm(at('tree/link'));
      await symlink('init', at('tree/link'));
    },
    found: 'tree/link: expected l 8 ',
  },
  { what: 'no tree', make: () => rm(at('tree'), { recursive: true }), found: 'Cannot run "bash' },
  { what: 'no list', make: () => rm(at('tree.list')), found: 'ENOENT' },
  { what: 'no hashes', make: () => rm(at('tree.sha256')), found: 'ENOENT' },
  {
    what: 'an original that is cut',
    make: async () => {
      await mkdir(at('original/init'), { recursive: true });
      await writeFile(at('original/init/main.c'), '');
    },
    found: `original/init/main.c: expected sha256 ${sha256(MAIN)}, found ${sha256('')}`,
  },
  {
    what: 'an original of a file that never was',
    make: async () => {
      await mkdir(at('original'));
      await writeFile(at('original/new.c'), '');
    },
    found: 'original/new.c: expected sha256 of none, found ',
  },
])('finds $what', async ({ make, found }) => {
  await make();
  expect(await damage()).toContain(found);
});

it('reads files as they were unpacked, whatever patches have done, and leaves out what the source lacks', async () => {
  await mkdir(at('original/init'), { recursive: true });
  await copyFile(at('tree/init/main.c'), at('original/init/main.c'));
  await writeFile(at('tree/init/main.c'), 'int patched;\n');
  const texts = await readUnpacked(temp.path, ['init/main.c', 'Makefile', 'mm/memblock.c']);
  expect([...texts]).toEqual([
    ['init/main.c', MAIN],
    ['Makefile', 'all:\n'],
  ]);
});

it('reads no file that is not as it was noted', async () => {
  await writeFile(at('tree/init/main.c'), 'int mein;\n');
  await expect(readUnpacked(temp.path, ['init/main.c'])).rejects.toThrow(
    `Cannot read init/main.c in ${temp.path}: expected SHA-256 ${sha256(MAIN)}, found ${sha256('int mein;\n')}`,
  );
});
