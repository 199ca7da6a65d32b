// SPDX-License-Identifier: MIT
/** `sub1m report` as a user runs it: exit statuses, what it prints, what it leaves. */
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hash, plan } from '../matrix/testing/source-run-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { pack, writeResults } from '../runner/merge/testing/results-builder.ts';
import { leftBehind, runSub1m, startSub1m } from '../testing/run-sub1m.ts';

const ALL = plan({ planned: ['a', 'b'], chosen: ['a', 'b'] });

describe('sub1m report', { timeout: 120_000 }, () => {
  it('makes a site of an archive, and the reports that are asked for', async () => {
    await using temp = await makeTempDir();
    const results = await writeResults(join(temp.path, 'r'), ALL, { a: 'match', b: 'other' });
    const archive = await pack(results, join(temp.path, 'r.tar.gz'));
    const site = join(temp.path, 'site');
    const junit = join(site, 'junit.xml');
    const running = startSub1m([
      'report',
      archive,
      '--out',
      site,
      '--json',
      '--reporter',
      `junit:${junit}`,
    ]);
    const { status, stdout, stderr } = await running.ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: `Site: ${site}/index.html\n` });
    expect((await readdir(site)).toSorted()).toEqual(['index.html', 'junit.xml', 'run.json']);
    const document = parseDocument('run', stdout);
    expect(document).toEqual(parseDocument('run', await readFile(join(site, 'run.json'), 'utf8')));
    expect(document.cells.map(({ bundle }) => bundle)).toEqual([`${archive}/a`, `${archive}/b`]);
    expect(leftBehind(running.child.pid)).toEqual([]);
  });

  it('says what is missing, and ends with 69; with 1 where a kernel is at fault', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), ALL, { a: 'match' });
    const out = ['--out', join(temp.path, 'site')];
    const { status, stdout } = await runSub1m(['report', one, ...out]);
    expect(status).toBe(69);
    expect(stdout).toContain('Missing: 1 cell\n  b: the run');
    expect(stdout).toMatch(/1 cell in .*: 1 match, 0 mismatch, 0 unjudged, 1 missing\n$/);
    const two = await writeResults(join(temp.path, '2'), ALL, { b: 'mismatch' });
    expect((await runSub1m(['report', one, two, ...out])).status).toBe(1);
  });

  it('refuses runs of another model and a folder that is no site with 64, and writes nothing', async () => {
    await using temp = await makeTempDir();
    const one = await writeResults(join(temp.path, '1'), ALL, { a: 'match' });
    const other = { ...ALL, sub1m: { ...ALL.sub1m, model: hash('e') } };
    const two = await writeResults(join(temp.path, '2'), other, { b: 'match' });
    const mixed = await runSub1m(['report', one, two, '--out', join(temp.path, 'site')]);
    expect(mixed.status).toBe(64);
    expect(mixed.stderr).toMatch(/^sub1m: Cannot merge .*\/2: expected the model of .*; found /);
    const ours = join(temp.path, 'ours');
    await mkdir(join(ours, 'thesis'), { recursive: true });
    const refused = await runSub1m(['report', one, '--out', ours]);
    expect(refused.status).toBe(64);
    expect(await readdir(temp.path)).not.toContain('site');
    expect(await readdir(ours)).toEqual(['thesis']);
  });
});
