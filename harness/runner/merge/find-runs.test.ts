// SPDX-License-Identifier: MIT
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plan } from '../../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { findRuns } from './find-runs.ts';
import { writeResults } from './testing/results-builder.ts';

async function found(path: string): Promise<ReturnType<typeof findRuns>> {
  return findRuns({ path, source: 'given' });
}

it('takes a folder for a run that has a plan, cells, or is one cell', async () => {
  await using temp = await makeTempDir();
  const planned = await writeResults(join(temp.path, 'planned'), plan(), {});
  const old = await writeResults(join(temp.path, 'old'), null, { cell: 'match' });
  for (const path of [planned, old, join(old, 'cell')]) {
    expect(await found(path)).toEqual({ runs: [{ path, source: 'given' }], unread: [] });
  }
});

it('finds the runs in folders of CI, by their names', async () => {
  await using temp = await makeTempDir();
  await writeResults(join(temp.path, 'shard-2/results/b'), plan(), {});
  await writeResults(join(temp.path, 'shard-1/a'), null, { cell: 'match' });
  const { runs } = await found(temp.path);
  expect(runs.map(({ source }) => source)).toEqual(['given/shard-1/a', 'given/shard-2/results/b']);
});

it('finds none in an empty folder, nor far below', async () => {
  await using temp = await makeTempDir();
  await writeResults(join(temp.path, '1/2/3/4/5'), plan(), {});
  await mkdir(join(temp.path, 'empty'));
  expect(await found(temp.path)).toEqual({ runs: [], unread: [] });
});

it('follows no link, and names it', async () => {
  await using temp = await makeTempDir();
  await writeResults(join(temp.path, 'outside'), plan(), {});
  await mkdir(join(temp.path, 'inside'));
  await symlink('../outside', join(temp.path, 'inside/run'));
  expect(await found(join(temp.path, 'inside'))).toEqual({
    runs: [],
    unread: [
      {
        source: 'given/run',
        why: 'expected a folder, found a symbolic link; put what it leads to in its place',
      },
    ],
  });
});
