// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cachedFolder } from './cache.ts';
import { makeTempDir } from './temp-dir.ts';

describe('cachedFolder()', () => {
  it('builds once, also for two who ask at once', async () => {
    await using temp = await makeTempDir();
    let builds = 0;
    const build = async (folder: string): Promise<void> => {
      builds++;
      await writeFile(join(folder, 'file'), 'content');
    };
    const path = join(temp.path, 'a/b');
    await Promise.all([cachedFolder(path, build), cachedFolder(path, build)]);
    await cachedFolder(path, build);
    expect(builds).toBe(1);
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('content');
  });

  it('leaves nothing of a build that fails, and builds again', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'entry');
    const failing = cachedFolder(path, async (folder) => {
      await writeFile(join(folder, 'half'), '');
      throw new Error('no room');
    });
    await expect(failing).rejects.toThrow('no room');
    expect(await readdir(temp.path)).toEqual([]);
    await cachedFolder(path, async () => {});
    expect(await readdir(temp.path)).toEqual(['entry']);
  });

  it('sweeps away what a killed program left half-built', async () => {
    await using temp = await makeTempDir();
    // No process has a number this high (PID_MAX_LIMIT is 2^22).
    await mkdir(join(temp.path, '.unfinished-99999999-x'));
    await cachedFolder(join(temp.path, 'entry'), async () => {});
    expect(await readdir(temp.path)).toEqual(['entry']);
  });
});
