// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

/** A matrix of recipes: nobody asks the mirror for them. */
async function matrixIn({ path }: TempDir): Promise<string> {
  const file = join(path, 'matrix.json');
  const kernel = ['recipe:two-phase-6.1', 'recipe:two-phase-6.12'];
  const axes = { kernel, crashkernel: [null, '256M'], trigger: ['none', 'sysrq'], cpus: [1, 2] };
  await writeFile(file, JSON.stringify({ schema: 1, axes, seededIn: ['faults'], seededPerRun: 2 }));
  return file;
}

async function plan(temp: TempDir, ...args: string[]): ReturnType<typeof runSub1m> {
  return runSub1m(['run', await matrixIn(temp), '--dry-run', '--history', 'none', ...args]);
}

describe('sub1m run --dry-run', () => {
  it('lists the cells, about how long they take and why they are run, and runs nothing', async () => {
    await using temp = await makeTempDir();
    const { status, stdout } = await plan(temp, '--jobs', '1', '--limit', '2min');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ +~35 s {2}recipe-two-phase-6.1\S* {2}\(its kernel is new\)$/m);
    expect(stdout).toMatch(/\(a seeded fault: sub1m itself is tested\)$/m);
    expect(stdout).toMatch(/^\d cells in about 1 min \d+ s with one machine, /m);
  });

  it('has shards that together are the night, and each cell once', async () => {
    await using temp = await makeTempDir();
    const cells = async (...args: string[]): Promise<string[]> => {
      const { stdout } = await plan(temp, '--json', '--jobs', '1', ...args);
      return parseDocument('plan', stdout).cells.map(({ id }) => id);
    };
    const shards = await Promise.all(
      ['1/3', '2/3', '3/3'].map((shard) => cells('--shard', shard, '--limit', '1min')),
    );
    expect(shards.flat()).toEqual(await cells('--limit', '3min'));
    expect(shards.every((shard) => shard.length > 0)).toBe(true);
  });

  it('tries as many seeded faults as the matrix says', async () => {
    await using temp = await makeTempDir();
    const { stdout } = await plan(temp, '--json');
    const faults = parseDocument('plan', stdout).cells.filter(({ worth }) => worth === 'fault');
    // None was tried before: the first two, in one cell and in two.
    expect(faults).toHaveLength(3);
  });

  it.each(['0min', '20', 'soon'])('refuses --limit %s', async (limit) => {
    await using temp = await makeTempDir();
    const { status, stderr } = await plan(temp, '--limit', limit);
    expect(status).toBe(64);
    expect(stderr).toContain('Expected a time such as 90s, 20min or 1h30min.');
  });
});
