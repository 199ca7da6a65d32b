// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import {
  type CacheEntry,
  listEntries,
  standardLimit,
  totalBytes,
  trimEntries,
} from './cache-entries.ts';
import { cachedFolder } from './cache.ts';
import { FileLock } from './file-lock.ts';
import { runCommand } from './owned-process.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';

const { signal } = new AbortController();

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

const KB = 1000;

/** An entry of so many kB, used on a day of January 1970. */
async function put(name: string, kB: number, day: number): Promise<string> {
  const path = join(temp.path, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'file'), Buffer.alloc(kB * KB));
  const at = new Date(day * 86_400_000);
  await writeFile(`${path}.use`, '');
  await utimes(`${path}.use`, at, at);
  return path;
}

async function names(): Promise<string[]> {
  const entries = await listEntries(temp.path, signal);
  return entries.map(({ path }) => path.slice(temp.path.length + 1));
}

describe('listEntries()', () => {
  it('has the least recently used first, and objects before the source they are of', async () => {
    await put('kernels/new', 100, 9);
    await put('sources/linux', 1000, 5);
    await put('sources/linux/objects-0a', 3000, 3);
    await put('sources/linux/objects-0b', 3000, 7);
    await put('sources/linux/tree', 10, 1);
    await put('guest/old', 100, 2);
    await writeFile(join(temp.path, 'kvm-probe.json'), '{}');
    await mkdir(join(temp.path, 'guest/.unfinished-1-x'));
    expect(await names()).toEqual([
      'guest/old',
      'sources/linux/objects-0a',
      'sources/linux/objects-0b',
      'sources/linux',
      'kernels/new',
    ]);
  });

  it('counts each byte once', async () => {
    await put('sources/linux', 1000, 5);
    await put('sources/linux/objects-0a', 3000, 3);
    const entries = await listEntries(temp.path, signal);
    const [objects, source] = entries.map(({ bytes }) => bytes);
    expect(objects).toBeGreaterThan(2900 * KB);
    expect(source).toBeLessThan(1500 * KB);
    expect(totalBytes(entries)).toBe((objects ?? 0) + (source ?? 0));
  });

  it('takes a cache that is not there for an empty one', async () => {
    expect(await listEntries(join(temp.path, 'none'), signal)).toEqual([]);
  });
});

it('is at most a tenth of a small disk, whatever the cache has of it', async () => {
  const limit = await standardLimit(temp.path, 0);
  expect(limit).toBeGreaterThan(0);
  expect(limit).toBeLessThanOrEqual(20e9);
  expect(await standardLimit(temp.path, 1e15)).toBe(20e9);
});

describe('trimEntries()', () => {
  it('removes what was used least recently, down to the limit', async () => {
    for (const day of [1, 2, 3, 4]) await put(`kernels/day-${day}`, 1000, day);
    const { removed, left } = await trimEntries(
      await listEntries(temp.path, signal),
      2500 * KB,
      signal,
    );
    expect(removed).toHaveLength(2);
    expect(await names()).toEqual(['kernels/day-3', 'kernels/day-4']);
    expect(left.map(({ path }) => path)).toEqual(
      [3, 4].map((day) => join(temp.path, `kernels/day-${day}`)),
    );
  });

  it('removes nothing below the limit', async () => {
    await put('kernels/one', 1000, 1);
    const entries = await listEntries(temp.path, signal);
    expect(await trimEntries(entries, 5000 * KB, signal)).toEqual({ removed: [], left: entries });
  });

  it('leaves what this program uses, and what is being made', async () => {
    const build = (folder: string): Promise<void> => writeFile(join(folder, 'file'), 'x');
    const used = join(temp.path, 'kernels/used');
    await cachedFolder(used, build, { signal, log: silentLog });
    const made = await put('kernels/made', 10, 1);
    await using lock = await FileLock.tryAcquire(`${made}.lock`, { signal });
    await put('kernels/idle', 10, 2);
    const { left } = await trimEntries(await listEntries(temp.path, signal), -1, signal);
    expect(lock).not.toBeNull();
    expect(left.map(({ path }) => path)).toEqual([made, used]);
    expect(await names()).toEqual(['kernels/made', 'kernels/used']);
  });

  it('leaves what another program uses, until that has ended', async () => {
    const path = await put('kernels/theirs', 10, 1);
    const other = spawn('flock', ['--shared', `${path}.use`, 'sh', '-c', 'echo; exec sleep 60']);
    await once(other.stdout, 'data');
    const trim = async (): Promise<readonly CacheEntry[]> =>
      (await trimEntries(await listEntries(temp.path, signal), -1, signal)).removed;
    expect(await trim()).toEqual([]);
    process.kill(Number(await runCommand(['pgrep', '--parent', `${other.pid}`], { signal })));
    await once(other, 'close');
    expect(await trim()).toHaveLength(1);
  });

  it('sweeps what a program that was killed had begun to remove', async () => {
    await put('kernels/one', 10, 1);
    await put('kernels/.unfinished-999999999-x', 10, 1);
    await trimEntries(await listEntries(temp.path, signal), Infinity, signal);
    expect(await readdir(join(temp.path, 'kernels'))).not.toContain('.unfinished-999999999-x');
  });
});
