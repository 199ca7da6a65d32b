// SPDX-License-Identifier: MIT
/** Folders and archives that are not as they should be: what merging them makes of it. */
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError, UnsupportedFormatError, UsageError } from '../../errors.ts';
import { hash } from '../../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { ALL, BOTH, NOTHING, half, merge, told } from './testing/merged-results.ts';
import { pack, writeResults } from './testing/results-builder.ts';

describe('of bad input mergeFolders', () => {
  it('refuses a shard of another matrix, unless it is told to', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), ALL, { a: 'match' });
    const other = { ...ALL, matrix: { name: 'default', sha256: hash('b'), cells: ['b'] } };
    const two = await writeResults(join(temp.path, '2'), other, { b: 'match' });
    const words =
      `expected the matrix of ${one}, nightly with 6 cells (sha256 aaaaaaaaaaaaaaaa); ` +
      'found default with 1 cell (sha256 bbbbbbbbbbbbbbbb)';
    await expect(merge([one, two])).rejects.toThrow(
      new UsageError(`Cannot merge ${two}: ${words}; run it again, leave it out, or give --mixed`),
    );
    await using merged = await merge([one, two], true);
    expect(merged.run.merge.mixed).toEqual([`${two}: ${words}`]);
    expect(merged.run.cells).toHaveLength(2);
  });

  it.each([
    ['a.tar.gz', 'unexpected end of file'],
    ['a.tar.zst', 'expected a whole zstd file, zstd says "premature end"'],
  ])('names a cut archive %s, takes nothing from it, and merges the rest', async (name, why) => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), half(1), { a: 'match' });
    const two = await writeResults(join(temp.path, '2'), half(2), { b: 'match' });
    const archive = await pack(two, join(temp.path, name));
    await truncate(archive, 2000);
    expect(await told(temp.path, [archive, one])).toEqual({
      ...NOTHING,
      end: 'unjudged',
      cells: ['a: match'],
      unread: [`{}/${name}: Cannot unpack {}/${name}: ${why}`],
      missing: ['b: there is no run of shard 2/2'],
    });
    await expect(merge([archive])).rejects.toThrow(FormatError);
  });

  it('names a cut bundle, and merges the rest', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'match', b: 'match' });
    await truncate(join(results, 'b/cell.json'), 100);
    const { missing, ...rest } = await told(temp.path, [results]);
    expect(rest).toEqual({
      end: 'unjudged',
      cells: ['a: match'],
      unread: [],
      notes: [],
      mixed: [],
    });
    expect(missing.join()).toMatch(
      /^b: \{\}\/r: Cannot read cell record \{\}\/r\/b\/cell.json: not JSON/,
    );
  });

  it('reads bundles of an older sub1m, and runs without a plan, and says that nothing is known of it', async () => {
    await using temp = await makeTempDir();
    const old = await writeResults(join(temp.path, 'old'), null, { a: 'old' });
    expect(await told(temp.path, [old])).toEqual({
      ...NOTHING,
      end: 'broken',
      cells: ['a: mismatch'],
      notes: ['{}/old has no plan.json: what it was to run is not known'],
    });
  });

  it('refuses a plan of a newer sub1m, and says which reads it', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), half(1), { a: 'match' });
    const two = await writeResults(join(temp.path, '2'), null, { b: 'match' });
    const newer = { schema: 2, sub1m: { version: '0.3.0' }, matrices: [] };
    await writeFile(join(two, 'plan.json'), JSON.stringify(newer));
    await expect(merge([one, two])).rejects.toThrow(
      new UnsupportedFormatError(
        `Cannot read plan ${two}/plan.json: expected schema 1, found 2; sub1m 0.3.0, which wrote it, reads it`,
      ),
    );
  });

  it('names a run whose plan is damaged, and merges the rest', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), half(1), { a: 'match' });
    const two = await writeResults(join(temp.path, '2'), half(2), { b: 'match' });
    await truncate(join(two, 'plan.json'), 40);
    const { unread, cells, end } = await told(temp.path, [one, two]);
    expect([cells, end]).toEqual([['a: match'], 'unjudged']);
    expect(unread.join()).toMatch(/^\{\}\/2: Cannot read plan \{\}\/2\/plan.json: not JSON/);
  });

  it('follows no link in a results folder, and names it', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'match' });
    await writeResults(join(temp.path, 'outside'), null, { b: 'match' });
    await symlink('../outside/b', join(results, 'b'));
    const link = 'a symbolic link; put what it leads to in its place';
    expect(await told(temp.path, [results])).toMatchObject({
      end: 'unjudged',
      cells: ['a: match'],
      missing: [`b: {}/r: Cannot read {}/r/b: expected a folder, found ${link}`],
    });
    await rm(join(results, 'plan.json'));
    await symlink('../outside/plan.json', join(results, 'plan.json'));
    await expect(merge([results])).rejects.toThrow(
      new FormatError(`Cannot read ${results}/plan.json: expected a file, found ${link}`),
    );
  });

  it('reads a folder once that is given twice, by whatever name', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'match', b: 'match' });
    const link = join(temp.path, 'link');
    await symlink('r', link);
    expect(await told(temp.path, [results, `${results}/`, link])).toEqual({
      ...NOTHING,
      end: 'done',
      cells: BOTH,
      notes: [
        '{}/r/ was given twice, and is read once',
        '{}/link was given twice, and is read once',
      ],
    });
  });

  it('names an empty folder, and refuses to make a site of nothing', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'match', b: 'match' });
    const empty = join(temp.path, 'empty');
    await mkdir(empty);
    const what = 'expected the results of a run, found none in it; they are under results/';
    expect(await told(temp.path, [empty, results])).toEqual({
      ...NOTHING,
      end: 'unjudged',
      cells: BOTH,
      unread: [`{}/empty: Cannot merge {}/empty: ${what}`],
    });
    await expect(merge([empty])).rejects.toThrow(new UsageError(`Cannot merge ${empty}: ${what}`));
  });

  it('refuses a name that leads nowhere before it reads anything', async () => {
    await expect(merge(['/no/such'])).rejects.toThrow(
      new UsageError(
        'Cannot merge /no/such: expected a folder of results or an archive of one, found none',
      ),
    );
  });

  it('leaves no temporary folder when it fails', async () => {
    await using temp = await makeTempDir();
    const archive = await pack(temp.path, `${temp.path}.tar`);
    await expect(merge([archive])).rejects.toThrow('found none in it');
    await rm(archive);
  });
});
