// SPDX-License-Identifier: MIT
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { adoptFiles } from './cache-adopt.ts';
import { SEAL, findDamage } from './cache-seal.ts';
import { type CacheOptions, cachedFolder, isReady } from './cache.ts';
import { type TempDir, makeTempDir } from './temp-dir.ts';
import { heardLog } from './testing/heard-log.ts';

let temp: TempDir;
let entry: string;
let said: string[];
let options: CacheOptions;
/** An entry that an older sub1m left. */
beforeEach(async () => {
  temp = await makeTempDir();
  entry = join(temp.path, 'entry');
  await mkdir(join(entry, 'modules'), { recursive: true });
  await writeFile(join(entry, 'vmlinuz'), 'old');
  await writeFile(join(entry, 'modules/a.ko'), 'module');
  said = [];
  const { signal } = new AbortController();
  options = { signal, log: heardLog(said, 'warn'), adopt: adoptFiles };
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

async function use(): Promise<string> {
  const build = (folder: string): Promise<void> => writeFile(join(folder, 'vmlinuz'), 'new');
  return readFile(join(await cachedFolder(entry, build, options), 'vmlinuz'), 'utf8');
}

describe('an entry of an older sub1m', () => {
  it('is looked at and sealed once, and then read like any other', async () => {
    let looks = 0;
    const adopt = (folder: string): Promise<string | null> => {
      looks++;
      return adoptFiles(folder);
    };
    options = { ...options, adopt };
    expect([await use(), await use()]).toEqual(['old', 'old']);
    expect(await findDamage(entry)).toBeNull();
    expect(looks).toBe(1);
    expect(said).toEqual([]);
    await truncate(join(entry, 'modules/a.ko'), 1);
    expect(await use()).toBe('new');
    expect(said).toEqual([
      `cache: ${entry} was damaged (modules/a.ko: expected 6 bytes, found 1); made anew`,
    ]);
  });

  it('is ready without being made', async () => {
    expect(await isReady(join(temp.path, 'none'), options)).toBe(false);
    expect(await isReady(entry, options)).toBe(true);
    expect(await findDamage(entry)).toBeNull();
  });

  it.each([
    { what: 'it does not look whole', adopt: () => Promise.resolve('cut short') },
    { what: 'it cannot be looked at', adopt: () => Promise.reject(new Error('cut short')) },
  ])('is made anew if $what', async ({ adopt }) => {
    options = { ...options, adopt };
    expect(await isReady(entry, options)).toBe(false);
    expect([await use(), await use()]).toEqual(['new', 'new']);
    expect(said).toEqual([`cache: ${entry} was damaged (cut short); made anew`]);
  });

  it('is made anew if it is of a kind that nobody looks at', async () => {
    const { adopt: _, ...others } = options;
    options = others;
    expect(await isReady(entry, options)).toBe(false);
    expect(await use()).toBe('new');
  });

  it('is noted without its subfolders, if they change', async () => {
    options = { ...options, topOnly: true };
    expect(await use()).toBe('old');
    await truncate(join(entry, 'modules/a.ko'), 1);
    expect(await use()).toBe('old');
    await truncate(join(entry, 'vmlinuz'), 1);
    expect(await use()).toBe('new');
  });

  it('is not one whose seal is damaged', async () => {
    await writeFile(join(entry, SEAL), '');
    expect(await isReady(entry, options)).toBe(false);
    expect(await use()).toBe('new');
  });
});

it('adopts files, and no empty one', async () => {
  expect(await adoptFiles(entry)).toBeNull();
  await symlink('/nowhere', join(entry, 'link'));
  expect(await adoptFiles(entry)).toBeNull();
  await writeFile(join(entry, 'modules/b.ko'), '');
  expect(await adoptFiles(entry)).toBe('modules/b.ko is empty');
  await mkdir(join(temp.path, 'empty'));
  expect(await adoptFiles(join(temp.path, 'empty'))).toBe('expected files, found none');
});
