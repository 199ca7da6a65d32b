// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BuildError, DamagedObjectError, HostError, ProcessError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { heardLog } from '../process/testing/heard-log.ts';
import { inObjectFolder, isUndisturbed } from './object-folder.ts';

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

describe('after a build that was killed', () => {
  /** A build that is killed while it writes `b.o`, minutes after `a.o`. */
  async function die(): Promise<never> {
    await compile();
    await utimes(join(folder, 'a.o'), 1, 1);
    await writeFile(join(folder, 'b.o'), 'ha');
    throw new ProcessError('Cannot build x: make was killed');
  }
  beforeEach(async () => {
    await inObjectFolder(folder, die, log).catch(() => {});
  });

  it('goes on with what was whole, and says so once', async () => {
    const told = heardLog(said);
    expect(await inObjectFolder(folder, compile, told)).toEqual(['a.o']);
    expect(await inObjectFolder(folder, compile, told)).toEqual(['a.o']);
    expect(said).toEqual([`a build in ${folder} was killed: going on without the last 1 file`]);
  });

  it('tells that its folder is not to be copied, until then', async () => {
    expect(await isUndisturbed(folder)).toBe(false);
    await inObjectFolder(folder, compile, log);
    expect(await isUndisturbed(folder)).toBe(true);
  });

  it.each([
    { by: 'this sub1m', note: '9d0c1b8e-0000-4000-8000-000000000000\n' },
    { by: 'an older sub1m', note: '' },
  ])('begins anew if the host may have crashed since; noted by $by', async ({ note }) => {
    await writeFile(join(folder, 'sub1m-building'), note);
    expect(await inObjectFolder(folder, compile, log)).toEqual([]);
    expect(await inObjectFolder(folder, compile, log)).toEqual(['a.o']);
    const why = 'a build in it was killed, perhaps with the host';
    expect(said).toEqual([`cache: ${folder} was damaged (${why}); made anew`]);
  });
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
