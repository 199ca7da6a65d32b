// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BuildError, HostError, UsageError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { whyNotApplied } from './patch-tree.ts';
import {
  ADD,
  CHANGE,
  type PatchedSource,
  applyTo,
  makePatchedSource,
  readFrom,
} from './testing/patched-source-builder.ts';

const REMOVE = `--- a/mm/old.c
+++ /dev/null
@@ -1 +0,0 @@
-old
`;

const AGAIN = CHANGE.replace('-two', '-zwei').replace('+zwei', '+deux');

let temp: TempDir;
let source: PatchedSource;

beforeEach(async () => {
  temp = await makeTempDir();
  source = await makePatchedSource(temp.path);
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const apply = (...patches: readonly string[]): Promise<void> => applyTo(source, patches);
const read = (path: string): Promise<string> => readFrom(source, path);

describe('patchTree()', () => {
  it('changes, adds and removes files, one patch after another', async () => {
    await apply(CHANGE, ADD, REMOVE, AGAIN);
    expect(await read('mm/a.c')).toBe('one\ndeux\nthree\n');
    expect(await read('mm/new/b.c')).toBe('new\n');
    expect(existsSync(join(source.tree, 'mm/old.c'))).toBe(false);
  });

  it('goes back to the original first, whatever was applied before', async () => {
    await apply(CHANGE, ADD, REMOVE, AGAIN);
    await apply(CHANGE);
    expect(await read('mm/a.c')).toBe('one\nzwei\nthree\n');
    expect(existsSync(join(source.tree, 'mm/new/b.c'))).toBe(false);
    expect(await read('mm/old.c')).toBe('old\n');
    await apply();
    expect(await read('mm/a.c')).toBe('one\ntwo\nthree\n');
  });

  it('does not write a file whose contents do not change', async () => {
    await apply(CHANGE, ADD);
    const before = new Date(1000);
    await utimes(join(source.tree, 'mm/a.c'), before, before);
    await apply(CHANGE, REMOVE);
    expect((await stat(join(source.tree, 'mm/a.c'))).mtime).toEqual(before);
  });

  it('repairs a tree in which it was killed half-way', async () => {
    await apply(CHANGE);
    await writeFile(join(source.tree, 'mm/a.c'), 'half');
    await apply(CHANGE);
    expect(await read('mm/a.c')).toBe('one\nzwei\nthree\n');
  });

  it.each([
    {
      what: 'a hunk that does not fit',
      patches: [ADD, CHANGE.replace('-two', '-twelve')],
      why: 'hunk 1 of mm/a.c does not fit at line 1',
    },
    {
      what: 'a patch that is already applied',
      patches: [CHANGE, CHANGE],
      why: 'mm/a.c already has these changes',
    },
    {
      what: 'a patch of a missing file',
      patches: [ADD, CHANGE.replaceAll('mm/a.c', 'mm/gone.c')],
      why: 'a file it changes does not exist',
    },
    {
      what: 'a damaged patch',
      patches: [ADD, CHANGE.replace(' three', 'three')],
      why: 'malformed patch at line 8: three',
    },
  ])('refuses $what and leaves the tree as it was', async ({ patches, why }) => {
    const path = join(temp.path, '0002.patch');
    await expect(apply(...patches)).rejects.toThrow(
      new BuildError(`Cannot apply ${path}: ${why}; rebase 0002.patch on the recipe's source`),
    );
    expect(await read('mm/a.c')).toBe('one\ntwo\nthree\n');
    expect(existsSync(join(source.tree, 'mm/new/b.c'))).toBe(false);
  });
});

it('blames the user for a file that is not a patch', async () => {
  await expect(apply(ADD, 'hello\n')).rejects.toThrow(
    new UsageError(
      `Cannot apply ${join(temp.path, '0002.patch')}: expected a patch in git's format, found none`,
    ),
  );
});

it('does not blame a patch for a full disk', async () => {
  await using programs = await makeTempDir();
  const full = `#!/bin/sh\necho 'patch: **** write error : No space left on device'; exit 2\n`;
  await writeFile(join(programs.path, 'patch'), full, { mode: 0o755 });
  vi.stubEnv('PATH', `${programs.path}:${process.env['PATH']}`);
  await expect(apply(CHANGE)).rejects.toThrow(
    new HostError(
      `Cannot apply ${join(temp.path, '0001.patch')}: ` +
        'patch: **** write error : No space left on device; make room and try again',
    ),
  );
  vi.unstubAllEnvs();
});

it('names the hunk among several files', () => {
  const said = `patching file mm/a.c
patching file arch/x86/realmode/init.c
Hunk #1 succeeded at 20 (offset 2 lines).
Hunk #3 FAILED at 54.
1 out of 3 hunks FAILED`;
  expect(whyNotApplied(said)).toBe('hunk 3 of arch/x86/realmode/init.c does not fit at line 54');
});

it('renames, copies, makes empty files and changes modes, as git says it in a header alone', async () => {
  const moves = `diff --git a/mm/a.c b/mm/moved.c
similarity index 100%
rename from mm/a.c
rename to mm/moved.c
diff --git a/mm/old.c b/mm/copy.c
similarity index 100%
copy from mm/old.c
copy to mm/copy.c
diff --git a/empty b/empty
new file mode 100644
index 0000000..e69de29
diff --git a/mm/old.c b/mm/old.c
old mode 100644
new mode 100755
`;
  await apply(moves);
  expect(existsSync(join(source.tree, 'mm/a.c'))).toBe(false);
  expect(await read('mm/moved.c')).toBe('one\ntwo\nthree\n');
  expect(await read('mm/copy.c')).toBe('old\n');
  expect(await read('empty')).toBe('');
  expect((await stat(join(source.tree, 'mm/old.c'))).mode & 0o111).toBe(0o111);
  await apply();
  expect((await readdir(source.tree, { recursive: true })).toSorted()).toEqual([
    'mm',
    'mm/a.c',
    'mm/old.c',
  ]);
  expect((await stat(join(source.tree, 'mm/old.c'))).mode & 0o111).toBe(0);
});

it.each(['größe.c', 'with space.c', 'Ω/ä ö.c'])(
  'patches a file that is called %s',
  async (name) => {
    await mkdir(join(source.tree, 'Ω'));
    await writeFile(join(source.tree, name), 'one\ntwo\nthree\n');
    await apply(CHANGE.replaceAll('mm/a.c', `${name}\t`));
    expect(await read(name)).toBe('one\nzwei\nthree\n');
  },
);
