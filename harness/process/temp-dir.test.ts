// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir, sweepTempDirs } from './temp-dir.ts';

it('removes a temporary folder with everything in it', async () => {
  let path: string;
  {
    await using temp = await makeTempDir();
    path = temp.path;
    await writeFile(join(path, 'socket'), '');
  }
  expect(existsSync(path)).toBe(false);
});

it('sweeps the folders of processes that are gone, and no others', async () => {
  await using mine = await makeTempDir();
  const orphan = join(tmpdir(), 'sub1m-99999999-orphan');
  await mkdir(orphan, { recursive: true });
  await sweepTempDirs();
  expect(existsSync(orphan)).toBe(false);
  expect(existsSync(mine.path)).toBe(true);
});
