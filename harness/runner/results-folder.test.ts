// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { claimResultsFolder } from './results-folder.ts';

describe('claimResultsFolder()', () => {
  it('takes a new folder or an empty one, and names the run for it', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'nightly');
    expect(await claimResultsFolder(path)).toEqual({ path, run: 'nightly' });
    await mkdir(join(temp.path, 'empty'));
    expect((await claimResultsFolder(join(temp.path, 'empty'))).run).toBe('empty');
  });

  it('refuses the folder of another run', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'nightly');
    await claimResultsFolder(path);
    await expect(claimResultsFolder(path)).rejects.toThrow(UsageError);
    await expect(claimResultsFolder(path)).rejects.toThrow(
      `Cannot use ${path} for results: expected a new or empty folder, found `,
    );
  });

  it('gives an empty folder to only one of two runs that start at once', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'empty');
    await mkdir(path);
    const claims = await Promise.allSettled([claimResultsFolder(path), claimResultsFolder(path)]);
    expect(claims.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  it('refuses a file', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'file');
    await writeFile(path, '');
    await expect(claimResultsFolder(path)).rejects.toThrow(
      'expected a new or empty folder, found a file',
    );
  });
});
