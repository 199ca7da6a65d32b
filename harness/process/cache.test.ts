// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { cachedFolder, readCachedJson } from './cache.ts';
import { makeTempDir } from './temp-dir.ts';

describe('cachedFolder()', () => {
  it('builds once for two callers at once', async () => {
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

  it('leaves nothing behind of a build that fails, and builds again', async () => {
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

  it('builds a damaged entry again', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'entry');
    const build = (content: string) => (folder: string) => writeFile(join(folder, 'file'), content);
    const read = (): Promise<string> => readFile(join(path, 'file'), 'utf8');
    const isSound = async (): Promise<boolean> => (await read().catch(() => '')) === 'sound';
    await cachedFolder(path, build('damaged'));
    const failing = cachedFolder(path, () => Promise.reject(new Error('no room')), isSound);
    await expect(failing).rejects.toThrow('no room');
    await cachedFolder(path, build('sound'), isSound);
    await cachedFolder(path, build('never built'), isSound);
    expect(await read()).toBe('sound');
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

describe('readCachedJson()', () => {
  const schema = z.object({ answer: z.number() });

  it.each([
    { text: '{"answer": 42}', found: { answer: 42 } },
    { text: '{"answer": "42"}', found: undefined },
    { text: '{"answer": 4', found: undefined },
    { text: '', found: undefined },
    { text: null, found: undefined },
  ])('of $text gives $found', async ({ text, found }) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'file.json');
    if (text !== null) await writeFile(path, text);
    expect(await readCachedJson(path, schema)).toEqual(found);
  });
});
