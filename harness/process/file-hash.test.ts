// SPDX-License-Identifier: MIT
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { findDifference, sha256, sha256File, sha256Once } from './file-hash.ts';
import { makeTempDir } from './temp-dir.ts';

it('gives the hash of what a file has, of any size', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'file');
  for (const size of [0, 1, 1024 * 1024, 1024 * 1024 + 1, 3_000_000]) {
    const bytes = Buffer.alloc(size, 'abc');
    await writeFile(path, bytes);
    expect(await sha256File(path)).toBe(sha256(bytes));
    expect(await sha256Once(path)).toBe(sha256(bytes));
  }
});

it('sees each write, also one that keeps size and time, at once or later', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'file');
  for (const pause of [0, 60, 0, 60]) {
    for (const text of ['one', 'two', 'six']) {
      await writeFile(path, text);
      await utimes(path, 1, 1);
      await delay(pause);
      expect(await sha256Once(path)).toBe(sha256(text));
    }
  }
});

it('says how a file differs, and does not throw', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'file');
  expect(await findDifference(path, sha256('a'))).toContain('ENOENT');
  await writeFile(path, 'a');
  expect(await findDifference(path, sha256('a'))).toBeNull();
  expect(await findDifference(path, 'ff')).toBe(`expected sha256 ff, found ${sha256('a')}`);
  expect(await findDifference(temp.path, 'ff')).toContain('expected a file, found a folder');
});
