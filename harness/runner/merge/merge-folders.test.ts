// SPDX-License-Identifier: MIT
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../../errors.ts';
import { hash, third } from '../../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { readCellLogs } from '../../report/html/cell-files.ts';
import { mergeFolders } from './merge-folders.ts';
import { ALL, BOTH, NOTHING, half, merge, sub1m, told } from './testing/merged-results.ts';
import { changeRecord, pack, writeResults } from './testing/results-builder.ts';

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

it('takes a third of the shards for what it is', async () => {
  await using temp = await makeTempDir();
  const one = await writeResults(join(temp.path, '1'), third(1), { a: 'match', b: 'match' });
  await using merged = await merge([one]);
  expect(merged.run.merge.absentShards).toEqual(['2/3', '3/3']);
});
