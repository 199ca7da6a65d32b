// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { mendObjects } from './mend-objects.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

/** Files with the seconds of their times; the newest of all is of 1000. */
async function fill(times: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, seconds] of Object.entries({ 'last.o': 1000, ...times })) {
    const path = join(temp.path, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '');
    await utimes(path, seconds, seconds);
  }
}

it.each([
  { what: 'was whole long before', times: { 'mm/a.o': 800, 'mm/.a.o.cmd': 801 }, stays: true },
  { what: 'was whole in the same moment', times: { 'a.o': 800, '.a.o.cmd': 800 }, stays: true },
  { what: 'has no .cmd and is old', times: { 'include/a.h': 800 }, stays: true },
  { what: 'is of kconfig', times: { 'include/config/auto.conf': 999 }, stays: true },
  { what: 'is what must be kept', times: { kept: 999 }, stays: true },
  { what: 'was being made', times: { 'a.o': 999 }, stays: false },
  { what: 'is done, but just so', times: { 'a.o': 900, '.a.o.cmd': 901 }, stays: false },
  { what: 'was made again, for long', times: { 'a.o': 800, '.a.o.cmd': 700 }, stays: false },
])('after a kill, a file stays that $what: $stays', async ({ times, stays }) => {
  await fill(times);
  await mendObjects(temp.path, join(temp.path, 'kept'));
  expect(existsSync(join(temp.path, 'last.o'))).toBe(false);
  expect(existsSync(join(temp.path, Object.keys(times)[0] ?? ''))).toBe(stays);
});

it('removes the .cmd that was being written, and says how many files are gone', async () => {
  await fill({ 'a.o': 800, '.a.o.cmd': 999, 'b.o': 800, '.b.o.cmd': 800 });
  expect(await mendObjects(temp.path, '')).toBe(2);
  expect(existsSync(join(temp.path, '.a.o.cmd'))).toBe(false);
  expect(existsSync(join(temp.path, 'b.o'))).toBe(true);
});
