// SPDX-License-Identifier: MIT
import { chmod, chown, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { plan } from '../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { claimResultsFolder, writePlan } from './results-folder.ts';

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

  it('refuses a folder that everybody may write to, and one of somebody else', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'open');
    await mkdir(path);
    await chmod(path, 0o777);
    await expect(claimResultsFolder(path)).rejects.toThrow(
      'expected a folder of your own, found one that everybody may write to',
    );
    expect(await readdir(path)).toEqual([]);
    // Of root's, or of another user's: who runs this is one of them.
    const ours = process.geteuid?.() === 0;
    if (ours) await chmod(path, 0o755);
    if (ours) await chown(path, 12_345, 12_345);
    await expect(claimResultsFolder(ours ? path : '/')).rejects.toThrow(
      `expected a folder of your own, found one of user ${ours ? 12_345 : 0}`,
    );
  });

  it('takes a folder that the user reaches by a link', async () => {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, 'disk'));
    await symlink('disk', join(temp.path, 'results'));
    expect((await claimResultsFolder(join(temp.path, 'results'))).run).toBe('results');
  });
});

it('writes what a run is about to do as plan.json, in ASCII', async () => {
  await using temp = await makeTempDir();
  const told = plan({ shard: '2/3', matrix: { ...plan().matrix, name: 'nächtlich' } });
  await writePlan(temp.path, told);
  const text = await readFile(join(temp.path, 'plan.json'), 'utf8');
  expect(parseDocument('run-plan', text)).toEqual({ schema: 1, ...told });
  expect(text).toMatch(/^[\u0020-\u007e\n]*$/);
});
