// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
  for (const name of ['kernels/a', 'kernels/b', 'sources/linux']) {
    await mkdir(join(temp.path, 'sub1m', name), { recursive: true });
    await writeFile(join(temp.path, 'sub1m', name, 'file'), Buffer.alloc(2e6));
  }
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

function cache(args: readonly string[], limit = ''): ReturnType<typeof runSub1m> {
  const env = { XDG_CACHE_HOME: temp.path, SUB1M_CACHE_LIMIT: limit };
  return runSub1m(['cache', ...args], env);
}

async function folders(area: string): Promise<string[]> {
  const found = await readdir(join(temp.path, 'sub1m', area), { withFileTypes: true });
  return found.filter((one) => one.isDirectory()).map(({ name }) => name);
}

describe('sub1m cache', () => {
  it('shows what is there, and removes nothing', async () => {
    const { status, stdout } = await cache([]);
    expect(status).toBe(0);
    expect(stdout).toContain('kernels     2 entries');
    expect(await folders('kernels')).toHaveLength(2);
  });

  it('clears what is named, and only that', async () => {
    const { stdout } = await cache(['kernels', '--clear']);
    expect(stdout).toContain('Removed: 2 entries');
    expect([await folders('kernels'), await folders('sources')]).toEqual([[], ['linux']]);
  });

  it('trims to the limit', async () => {
    const { stdout } = await cache(['--trim', '--json'], '5MB');
    const { entries } = JSON.parse(stdout) as { entries: { removed: boolean }[] };
    expect(entries.map(({ removed }) => removed)).toEqual([true, false, false]);
  });

  it.each([
    [['kernel'], '', 'kernels, objects'],
    [[], '20 G', 'expected a size such as 500MB or 20GB, found 20 G'],
    [[], '-1GB', 'found -1GB'],
  ])('refuses %j with the limit "%s"', async (args, limit, why) => {
    const { status, stderr } = await cache(args, limit);
    expect([status, stderr]).toEqual([64, expect.stringContaining(why)]);
  });
});
