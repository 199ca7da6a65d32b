// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { link, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuildError, FormatError, UnsupportedFormatError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import {
  ADD,
  CHANGE,
  type PatchedSource,
  applyTo,
  makePatchedSource,
  readFrom,
} from './testing/patched-source-builder.ts';

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

/** Every file below the temporary folder that a patch could reach, with what is in it. */
async function everything(): Promise<string[]> {
  const entries = await readdir(temp.path, { recursive: true });
  return entries.filter((path) => !path.endsWith('.patch')).toSorted();
}

describe('a patch of a stranger', () => {
  const makes = (path: string, mode = '100644'): string =>
    `diff --git a/${path} b/${path}
new file mode ${mode}
--- /dev/null
+++ b/${path}
@@ -0,0 +1 @@
+mine
`;

  it.each([
    ['makes a file above the tree', makes('../victim'), 'a part ".."'],
    ['makes one at an absolute path', makes('/etc/victim'), 'an absolute path'],
    ['climbs far', makes(`mm/${'../'.repeat(12)}tmp/sub1m-victim`), 'a part ".."'],
    [
      'climbs in one name only',
      CHANGE.replace('b/mm/a.c', '../victim'),
      'names below a folder, found: "../victim"',
    ],
    [
      'climbs behind a quote',
      makes('x').replace('b/x\n@@', '"b/\\056./victim"\n@@'),
      'a part ".."',
    ],
    [
      'climbs by a rename',
      'diff --git a/mm/a.c b/x\nsimilarity index 100%\nrename from mm/a.c\nrename to ../victim\n',
      'a part ".."',
    ],
    [
      'climbs by a copy',
      'diff --git a/mm/a.c b/x\nsimilarity index 100%\ncopy from mm/a.c\ncopy to ../victim\n',
      'a part ".."',
    ],
    [
      'makes an empty file, without --- and +++',
      'diff --git a/../victim b/../victim\nnew file mode 100644\nindex 0000000..e69de29\n',
      'a part ".."',
    ],
    ['writes into .git', makes('.git/hooks/post-checkout'), 'a part ".git"'],
    ['makes a symbolic link', makes('link', '120000'), 'files, found a symbolic link'],
    ['makes a submodule', makes('module', '160000'), 'files, found a submodule'],
    ['makes a setuid file', makes('suid', '104755'), 'files, found mode 104755'],
  ])('that %s is refused before anything is written', async (_, patch, why) => {
    const before = await everything();
    const applied = apply(ADD, patch);
    await expect(applied).rejects.toThrow(FormatError);
    await expect(applied).rejects.toThrow(why);
    await expect(applied).rejects.toThrow(join(temp.path, '0002.patch'));
    expect(await everything()).toEqual(before);
    expect(existsSync(join(temp.path, 'victim'))).toBe(false);
  });

  it('runs no ed script, and changes no file that only Index: or *** name', async () => {
    const proof = join(temp.path, 'proof');
    const script = `--- a/mm/a.c\n+++ b/mm/a.c\n1!touch ${proof}\n.\n`;
    const context = `*** a/mm/old.c\n--- b/mm/old.c\n***************\n*** 1 ****\n! old\n--- 1 ----\n! mine\n`;
    const index =
      'Index: mm/old.c\nPrereq: old\n@@ -1 +1 @@\n-old\n+mine\n1c1\n< old\n---\n> mine\n';
    await apply(script + context + index + CHANGE + script + context + index);
    expect(await read('mm/a.c')).toBe('one\nzwei\nthree\n');
    expect(await read('mm/old.c')).toBe('old\n');
    expect(existsSync(proof)).toBe(false);
  });

  it.each([
    ['a symbolic link on the way', 'outside/x', 'a folder at "outside", found a symbolic link'],
    ['a symbolic link', 'link.c', 'a file at "link.c", found a symbolic link'],
    ['a file for a folder', 'mm/a.c/x', 'a folder at "mm/a.c", found a file'],
    ['a folder for a file', 'mm', 'a file at "mm", found a folder'],
  ])('does not write through %s of the tree', async (_, path, why) => {
    const outside = join(temp.path, 'elsewhere');
    await mkdir(outside);
    await writeFile(join(outside, 'victim'), 'safe\n');
    await symlink(outside, join(source.tree, 'outside'));
    await symlink(join(outside, 'victim'), join(source.tree, 'link.c'));
    const before = await everything();
    const change = `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-safe\n+mine\n`;
    await expect(apply(change)).rejects.toThrow(
      new BuildError(`Cannot apply ${join(temp.path, '0001.patch')}: expected ${why}`),
    );
    expect(await everything()).toEqual(before);
    expect(await readFile(join(outside, 'victim'), 'utf8')).toBe('safe\n');
  });

  it('does not change a file elsewhere that has a hard link in the tree', async () => {
    const other = join(temp.path, 'other');
    await writeFile(other, 'one\ntwo\nthree\n');
    await link(other, join(source.tree, 'mm/linked.c'));
    await apply(CHANGE.replaceAll('mm/a.c', 'mm/linked.c'));
    expect(await read('mm/linked.c')).toBe('one\nzwei\nthree\n');
    expect(await readFile(other, 'utf8')).toBe('one\ntwo\nthree\n');
  });

  it('cannot fill the disk by copies', async () => {
    await writeFile(join(source.tree, 'mm/big.c'), Buffer.alloc(2 ** 20));
    const copy = (nr: number): string =>
      `diff --git a/mm/big.c b/mm/${nr}.c\nsimilarity index 100%\ncopy from mm/big.c\ncopy to mm/${nr}.c\n`;
    await expect(apply(Array.from({ length: 600 }, (_, nr) => copy(nr)).join(''))).rejects.toThrow(
      'expected at most 536870912 bytes of copied files',
    );
  });

  it('is told that patch(1) takes no binary files', async () => {
    const binary =
      'diff --git a/logo.gif b/logo.gif\nindex 1..2 100644\nGIT binary patch\nliteral 1\nIcmZPo000310RR91\n';
    await expect(apply(binary)).rejects.toThrow(
      new UnsupportedFormatError(
        `Cannot apply ${join(temp.path, '0001.patch')}: expected changes of text, found a binary one: "logo.gif"`,
      ),
    );
  });
});
