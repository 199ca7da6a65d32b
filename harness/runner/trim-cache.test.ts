// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { heardLog } from '../process/testing/heard-log.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { trimGrownCache } from './trim-cache.ts';

let cache: TempDir;
let said: string[];
beforeEach(async () => {
  cache = await makeTempDir();
  said = [];
  for (const name of ['old', 'older']) {
    await mkdir(join(cache.path, 'kernels', name), { recursive: true });
    await writeFile(join(cache.path, 'kernels', name, 'file'), Buffer.alloc(2_000_000));
  }
});
afterEach(async () => {
  await cache[Symbol.asyncDispose]();
});

function trim(cacheLimit: number, cacheDir = cache.path): Promise<void> {
  const { signal } = new AbortController();
  return trimGrownCache({ cacheDir, cacheLimit }, { signal, log: heardLog(said) });
}

it('says what it removed from a cache that is too large', async () => {
  await trim(3_000_000);
  const left = await readdir(join(cache.path, 'kernels'), { withFileTypes: true });
  expect(left.filter((entry) => entry.isDirectory())).toHaveLength(1);
  expect(said).toEqual([
    expect.stringMatching(
      /^cache: removed \d MB that was not used for longest, to keep within 3 MB/,
    ),
  ]);
});

it('says nothing of one that is not', async () => {
  await trim(1e9);
  expect(said).toEqual([]);
});

it('only warns where the cache cannot be read', async () => {
  await trim(1e9, join(cache.path, 'kernels/old/file'));
  expect(said).toEqual([expect.stringContaining('cache: not made smaller: Cannot read the cache')]);
});
