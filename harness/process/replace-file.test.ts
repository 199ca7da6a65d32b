// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replaceFile } from './replace-file.ts';
import { makeTempDir } from './temp-dir.ts';

it('makes the folder and the file, and replaces the file', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'a', 'b', 'file');
  for (const text of ['old', 'new']) {
    await replaceFile(path, text);
    expect(await readFile(path, 'utf8')).toBe(text);
  }
  expect(await readdir(join(temp.path, 'a', 'b'))).toEqual(['file']);
});

it('lets many write the same file at once: the text is that of one of them', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'file');
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(10_000));
  await Promise.all(texts.map((text) => replaceFile(path, text)));
  expect(texts).toContain(await readFile(path, 'utf8'));
  expect(await readdir(temp.path)).toEqual(['file']);
});

it('leaves nothing behind where it fails', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'folder');
  await mkdir(join(path, 'not empty'), { recursive: true });
  await expect(replaceFile(path, 'text')).rejects.toThrow('EISDIR');
  expect(await readdir(temp.path)).toEqual(['folder']);
});
