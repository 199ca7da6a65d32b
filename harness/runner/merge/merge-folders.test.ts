// SPDX-License-Identifier: MIT
import { mkdir, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError, InterruptedError, UnsupportedFormatError, UsageError } from '../../errors.ts';
import type { PlannedRun } from '../../matrix/planned-run.ts';
import { hash, plan, third } from '../../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { readCellLogs } from '../../report/html/cell-files.ts';
import { codeVersion } from '../code-version.ts';
import { type MergedFolders, mergeFolders } from './merge-folders.ts';
import { changeRecord, pack, writeResults } from './testing/results-builder.ts';

const { signal } = new AbortController();

const sub1m = codeVersion();
const ALL = plan({ sub1m, planned: ['a', 'b'], chosen: ['a', 'b'] });

/** The plan of one of two shards, with a cell each. */
function half(index: 1 | 2): PlannedRun {
  const chosen = ALL.planned.slice(index - 1, index);
  return { ...ALL, run: `half-${index}`, shard: `${index}/2`, chosen };
}

function merge(paths: readonly string[], isMixed = false): Promise<MergedFolders> {
  return mergeFolders(paths, { isMixed, signal });
}

/** What a merge says, without what its folders are called. */
async function told(folder: string, paths: readonly string[], isMixed?: boolean) {
  await using merged = await merge(paths, isMixed);
  const { run, end } = merged;
  const { merge: how, cells } = run;
  const plain = (words: string): string => words.replaceAll(folder, '{}');
  return {
    end,
    cells: cells.map(({ record, judgement }) => `${record.id}: ${judgement.verdict.kind}`),
    missing: how.missing.map(({ cell, why }) => plain(`${cell}: ${why}`)),
    unread: how.unread.map(({ source, why }) => plain(`${source}: ${why}`)),
    notes: how.notes.map(plain),
    mixed: how.mixed.map(plain),
  };
}

const NOTHING = { missing: [], unread: [], notes: [], mixed: [] };
const BOTH = ['a: match', 'b: match'];

describe('mergeFolders', () => {
  it('merges shards from folders and archives', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), half(1), { a: 'match' });
    const two = await writeResults(join(temp.path, '2'), half(2), { b: 'other' });
    const archive = await pack(two, join(temp.path, '2.tar.zst'));
    const whole = { ...NOTHING, end: 'done', cells: BOTH };
    expect(await told(temp.path, [one, two])).toEqual(whole);
    expect(await told(temp.path, [archive, one])).toEqual(whole);
  });

  it('reads logs out of an archive while it holds it, and names where they were', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'old' });
    const archive = await pack(results, join(temp.path, 'r.tgz'));
    await using merged = await merge([archive]);
    const [cell] = merged.run.cells;
    if (!cell) throw new Error('Expected a cell');
    expect(cell.folder).toBe(join(archive, 'a'));
    expect(readCellLogs(cell, 1000)['console.log']?.value?.lines.length).toBeGreaterThan(1);
    await merged[Symbol.asyncDispose]();
    expect(readCellLogs(cell, 1000)['console.log']).toHaveProperty('why');
  });

  it('writes nothing to the folders', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'match', b: 'match' });
    const before = await readdir(results, { recursive: true });
    await told(temp.path, [results]);
    expect(await readdir(results, { recursive: true })).toEqual(before);
  });

  it('names a shard that is missing, and ends with that', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), half(1), { a: 'match' });
    expect(await told(temp.path, [one])).toEqual({
      ...NOTHING,
      end: 'unjudged',
      cells: ['a: match'],
      missing: ['b: there is no run of shard 2/2'],
    });
  });

  it('takes a shard that was killed, and run again', async () => {
    await using temp = await makeTempDir();
    const killed = await writeResults(join(temp.path, 'killed'), ALL, { a: 'match', b: 'match' });
    await rm(join(killed, 'b/cell.json'));
    const nothing =
      'It has no cell.json: sub1m was killed before the cell ended; run the cell again';
    expect(await told(temp.path, [killed])).toMatchObject({
      end: 'unjudged',
      missing: [`b: {}/killed: ${nothing}`],
      unread: [],
    });
    const again = await writeResults(join(temp.path, 'again'), ALL, { a: 'match', b: 'match' });
    await changeRecord(join(again, 'a'), { startedAt: '2026-11-30T00:00:00Z' });
    expect(await told(temp.path, [killed, again])).toEqual({
      ...NOTHING,
      end: 'done',
      cells: ['a: match', 'a.repeat-2: match', 'b: match'],
      unread: [`{}/killed/b: ${nothing}`],
    });
  });

  it('takes a run that was killed before its first cell', async () => {
    await using temp = await makeTempDir();
    const killed = await writeResults(join(temp.path, 'killed'), half(1), {});
    expect(await told(temp.path, [killed])).toMatchObject({
      cells: [],
      missing: ['a: the run {}/killed ended before it', 'b: there is no run of shard 2/2'],
    });
  });

  it('lets the worse of two samples count', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), ALL, { a: 'match', b: 'match' });
    const two = await writeResults(join(temp.path, '2'), ALL, { a: 'match' });
    await rm(join(two, 'a/system/kpageflags'));
    expect(await told(temp.path, [one, two])).toEqual({
      ...NOTHING,
      end: 'unjudged',
      cells: ['a: match', 'a.repeat-2: unjudged', 'b: match'],
    });
  });

  it('says that runs were of other code than judges them now', async () => {
    await using temp = await makeTempDir();
    const older = { ...ALL, sub1m: { ...sub1m, version: '0.0.9', code: hash('c') } };
    const run = await writeResults(join(temp.path, 'r'), older, { a: 'match', b: 'match' });
    const { notes } = await told(temp.path, [run]);
    const now = `than judged it now, ${sub1m.version}`;
    expect(notes).toEqual([`{}/r was run by sub1m 0.0.9 with other code ${now}`]);
  });

  it('gives nothing when it is interrupted: a site that is there stays', async () => {
    await using temp = await makeTempDir();
    const run = await writeResults(join(temp.path, 'r'), ALL, { a: 'match', b: 'match' });
    const interrupted = mergeFolders([run], { isMixed: false, signal: AbortSignal.abort() });
    await expect(interrupted).rejects.toThrow(InterruptedError);
  });

  it('ends as broken where a kernel is, whatever is missing', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), half(1), { a: 'mismatch' });
    expect(await told(temp.path, [one])).toMatchObject({ end: 'broken', cells: ['a: mismatch'] });
  });
});

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

it('takes a third of the shards for what it is', async () => {
  await using temp = await makeTempDir();
  const one = await writeResults(join(temp.path, '1'), third(1), { a: 'match', b: 'match' });
  await using merged = await merge([one]);
  expect(merged.run.merge.absentShards).toEqual(['2/3', '3/3']);
});
