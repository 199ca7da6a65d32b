// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HostError } from '../errors.ts';
import { sealFolder } from './cache-seal.ts';
import { type CacheOptions, cachedFolder, readCachedJson, writeCachedJson } from './cache.ts';
import { FileLock } from './file-lock.ts';
import { runCommand } from './owned-process.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';
import { heardLog } from './testing/heard-log.ts';

const { signal } = new AbortController();

let temp: TempDir;
let said: string[];
let options: CacheOptions;
beforeEach(async () => {
  temp = await makeTempDir();
  said = [];
  options = { signal, log: heardLog(said) };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** What is in `temp`, without locks. */
async function left(): Promise<string[]> {
  return (await readdir(temp.path)).filter((name) => !/\.(lock|use)$/.test(name));
}

describe('cachedFolder()', () => {
  it('builds once for two callers at once', async () => {
    let builds = 0;
    const build = async (folder: string): Promise<void> => {
      builds++;
      await writeFile(join(folder, 'file'), 'content');
    };
    const path = join(temp.path, 'a/b');
    await Promise.all([cachedFolder(path, build, options), cachedFolder(path, build, options)]);
    await cachedFolder(path, build, options);
    expect(builds).toBe(1);
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('content');
    expect(said).toEqual([]);
  });

  it('leaves nothing behind of a build that fails, and builds again', async () => {
    const path = join(temp.path, 'entry');
    const failing = cachedFolder(
      path,
      async (folder) => {
        await writeFile(join(folder, 'half'), '');
        throw new Error('no room');
      },
      options,
    );
    await expect(failing).rejects.toThrow('no room');
    expect(await left()).toEqual([]);
    await cachedFolder(path, async () => {}, options);
    expect(await left()).toEqual(['entry']);
  });

  it('leaves the damaged entry where a new one cannot be made', async () => {
    const path = join(temp.path, 'entry');
    await mkdir(path);
    const failing = cachedFolder(path, () => Promise.reject(new Error('no room')), options);
    await expect(failing).rejects.toThrow('no room');
    expect(await left()).toEqual(['entry']);
    expect(said).toEqual([]);
  });

  it('builds again what has another fault, and gives up if that does not help', async () => {
    const path = join(temp.path, 'entry');
    const build = (content: string) => (folder: string) => writeFile(join(folder, 'file'), content);
    const findFault = async (folder: string): Promise<string | null> =>
      (await readFile(join(folder, 'file'), 'utf8')) === 'new' ? null : 'it is old';
    await cachedFolder(path, build('old'), options);
    await cachedFolder(path, build('new'), { ...options, findFault });
    await cachedFolder(path, build('never built'), { ...options, findFault });
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('new');
    expect(said).toEqual([`cache: ${path} was damaged (it is old); made anew`]);
    await cachedFolder(path, build('old'), {
      ...options,
      findFault: () => Promise.resolve('x'),
    }).then(
      () => expect.unreachable(),
      (error: unknown) => {
        expect(error).toEqual(
          new HostError(`Cannot use ${path}: made anew, and damaged again (x); is its disk sound?`),
        );
      },
    );
  });

  it('sweeps away what a killed program left half-built', async () => {
    // No process has a number this high (PID_MAX_LIMIT is 2^22).
    await mkdir(join(temp.path, '.unfinished-99999999-x'));
    await cachedFolder(join(temp.path, 'entry'), async () => {}, options);
    expect(await left()).toEqual(['entry']);
  });

  it('waits for another program that makes the same, and takes what it has made', async () => {
    const path = join(temp.path, 'entry');
    const lock = await FileLock.acquire(`${path}.lock`, { signal, onWait: () => {} });
    const waiting = cachedFolder(path, () => Promise.reject(new Error('built twice')), options);
    await expect.poll(() => said).toEqual([`waiting for another sub1m, which is making ${path}`]);
    await mkdir(path);
    await sealFolder(path);
    await lock[Symbol.asyncDispose]();
    expect(await waiting).toBe(path);
  });

  it.each([
    {
      what: 'a file where its folder should be',
      at: 'kinds',
      make: (path: string) => writeFile(path, ''),
    },
    {
      what: 'a folder where its lock should be',
      at: 'kinds/entry.lock',
      make: (path: string) => mkdir(path, { recursive: true }),
    },
  ])('says in one line that it cannot write because of $what', async ({ at, make }) => {
    await make(join(temp.path, at));
    const path = join(temp.path, 'kinds/entry');
    const failing = cachedFolder(path, async () => {}, options);
    await expect(failing).rejects.toThrow(HostError);
    await expect(failing).rejects.toThrow(`Cannot write ${path} in the cache: E`);
  });
});

it('a full disk leaves nothing half-written, and is the host’s fault', async () => {
  const entry = join(temp.path, 'entry');
  const failing = cachedFolder(
    entry,
    async (folder) => {
      await writeFile(join(folder, 'first'), 'whole');
      // Any write to it fails with ENOSPC.
      await writeFile('/dev/full', 'no room');
    },
    options,
  );
  await expect(failing).rejects.toThrow(HostError);
  await expect(failing).rejects.toThrow(`Cannot write ${entry} in the cache: ENOSPC`);
  expect(await left()).toEqual([]);
});

describe('readCachedJson()', () => {
  const schema = z.object({ answer: z.number() });

  it.each([
    { text: '{"answer": 42}', found: { answer: 42 }, lines: 0 },
    { text: '{"answer": "42"}', found: undefined, lines: 1 },
    { text: '{"answer": 4', found: undefined, lines: 1 },
    { text: '', found: undefined, lines: 1 },
    { text: null, found: undefined, lines: 0 },
  ])('of $text gives $found', async ({ text, found, lines }) => {
    const path = join(temp.path, 'file.json');
    if (text !== null) await writeFile(path, text);
    expect(await readCachedJson(path, { schema, log: options.log })).toEqual(found);
    expect(said).toHaveLength(lines);
    for (const line of said) {
      expect(line).toMatch(/^cache: \/\S+\/file.json was damaged \(.*\); made anew$/);
    }
  });

  it.each([
    { what: 'a folder', make: (path: string): Promise<unknown> => mkdir(path) },
    { what: 'a pipe', make: (path: string) => runCommand(['mkfifo', path], { signal }) },
    { what: 'a symlink to itself', make: (path: string) => symlink(path, path) },
  ])('takes $what for damage, which writeCachedJson() mends', async ({ make }) => {
    const path = join(temp.path, 'file.json');
    await make(path);
    expect(await readCachedJson(path, { schema, log: options.log })).toBeUndefined();
    await writeCachedJson(path, { answer: 42 });
    expect(await readCachedJson(path, { schema, log: options.log })).toEqual({ answer: 42 });
    expect(said).toEqual([
      `cache: ${path} was damaged (expected a file, found something else); made anew`,
    ]);
  });

  it('is the host’s fault if it cannot be written', async () => {
    await writeFile(join(temp.path, 'file'), '');
    const path = join(temp.path, 'file/entry.json');
    await expect(writeCachedJson(path, {})).rejects.toThrow(`Cannot write ${path} in the cache: E`);
  });
});
