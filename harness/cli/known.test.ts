// SPDX-License-Identifier: MIT
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cellRecordSchema } from '../bundle/cell-record.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

/** A kernel that was asked for more crashkernel than it can reserve. */
const REFUSED = join(import.meta.dirname, '../testdata/5.10-4g');

// Each starts a process, which takes a second or two.
describe('sub1m check --known', { timeout: 30_000 }, () => {
  it('refuses a file that is not there, with 64', async () => {
    const end = await runSub1m(['check', 'x', '--known', '/no/such.json']);
    expect(end).toMatchObject({ status: 64, stdout: '' });
    expect(end.stderr).toContain('Cannot read known defects /no/such.json: ');
  });

  it('refuses a file with an unknown invariant, with 65, before any work', async () => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'known.json');
    const entry = { kernel: '5.10', invariant: 'lowmem.lock', reference: 'commit 1234' };
    await writeFile(path, JSON.stringify({ schema: 1, known: [entry] }));
    const results = join(temp.path, 'results');
    const end = await runSub1m(['check', 'x', '--known', path, '--results', results]);
    expect(end).toMatchObject({ status: 65, stdout: '' });
    expect(end.stderr).toContain('known.0.invariant: expected an invariant, found "lowmem.lock"');
    expect(await readdir(temp.path)).toEqual(['known.json']);
  });
});

describe('sub1m judge', { timeout: 30_000 }, () => {
  it.each([
    { listed: ['kdump.reserved', 'lowmem.page0-kept'], status: 0, counted: '1 match, 0 mismatch' },
    { listed: ['lowmem.page0-kept'], status: 1, counted: '0 match, 1 mismatch' },
  ])('goes by the known defects of a bundle: $listed', async ({ listed, status, counted }) => {
    await using temp = await makeTempDir();
    await cp(REFUSED, temp.path, { recursive: true });
    const path = join(temp.path, 'cell.json');
    const cell = cellRecordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    const known = listed.map((invariant) => ({ invariant, reference: `commit of ${invariant}` }));
    await writeFile(path, JSON.stringify({ ...cell, known }));
    const end = await runSub1m(['judge', temp.path]);
    expect(end.status).toBe(status);
    expect(end.stdout).toContain(counted);
    const gone = 'lowmem.page0-kept no longer shows a known defect (commit of lowmem.page0-kept)';
    expect(end.stdout).toContain(gone);
  });
});
