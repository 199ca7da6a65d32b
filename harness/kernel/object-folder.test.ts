// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BuildError, DamagedObjectError, HostError, ProcessError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { inObjectFolder } from './object-folder.ts';

let temp: TempDir;
let folder: string;
const said: string[] = [];
const log = heardLog(said, 'warn');
beforeEach(async () => {
  temp = await makeTempDir();
  folder = join(temp.path, 'objects');
  said.length = 0;
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** A build that leaves an object, and gives what it found. */
async function compile(): Promise<string[]> {
  const found = (await readdir(folder)).filter((name) => name.endsWith('.o'));
  await writeFile(join(folder, 'a.o'), '');
  return found;
}

it('keeps the objects of a build for the next', async () => {
  expect(await inObjectFolder(folder, compile, log)).toEqual([]);
  expect(await inObjectFolder(folder, compile, log)).toEqual(['a.o']);
  expect(await readdir(folder)).toEqual(['a.o']);
  expect(said).toEqual([]);
});

it.each([new BuildError('an error in a.c'), new HostError('no room')])(
  'keeps them after a build that fails: %s',
  async (error) => {
    await inObjectFolder(folder, compile, log);
    await expect(inObjectFolder(folder, () => Promise.reject(error), log)).rejects.toBe(error);
    expect(await inObjectFolder(folder, compile, log)).toEqual(['a.o']);
    expect(said).toEqual([]);
  },
);

it('begins anew after a build that was killed, and says so once', async () => {
  await inObjectFolder(folder, compile, log);
  const killed = new ProcessError('Cannot build x: make was killed');
  await expect(inObjectFolder(folder, () => Promise.reject(killed), log)).rejects.toBe(killed);
  expect(await inObjectFolder(folder, compile, log)).toEqual([]);
  expect(await inObjectFolder(folder, compile, log)).toEqual(['a.o']);
  expect(said).toEqual([`cache: ${folder} was damaged (a build in it was killed); made anew`]);
});

it('begins anew, once, when an object of an earlier build cannot be read', async () => {
  await inObjectFolder(folder, compile, log);
  let tries = 0;
  const tryIt = async (): Promise<string[]> => {
    tries++;
    if (existsSync(join(folder, 'a.o'))) throw new DamagedObjectError('a.o: file truncated');
    return compile();
  };
  expect(await inObjectFolder(folder, tryIt, log)).toEqual([]);
  expect(tries).toBe(2);
  expect(said).toEqual([`cache: ${folder} was damaged (a.o: file truncated); made anew`]);
});

it('gives up when a new folder has the same fault: it is the source', async () => {
  await mkdir(folder);
  let tries = 0;
  const fault = new DamagedObjectError('a.o: file truncated');
  const tryIt = (): Promise<never> => {
    tries++;
    return Promise.reject(fault);
  };
  await expect(inObjectFolder(folder, tryIt, log)).rejects.toBe(fault);
  expect(tries).toBe(2);
});

it('takes a file in its place for damage', async () => {
  await writeFile(folder, '');
  expect(await inObjectFolder(folder, compile, log)).toEqual([]);
  expect(said).toEqual([
    `cache: ${folder} was damaged (expected a folder, found something else); made anew`,
  ]);
});
