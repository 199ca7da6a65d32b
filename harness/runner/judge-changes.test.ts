// SPDX-License-Identifier: MIT
import { cp, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { projectPath } from '../project-root.ts';
import { judgeChanges } from './judge-changes.ts';

const { signal } = new AbortController();
const OLD = projectPath('harness/testdata/old-bundles');
const CELLS = ['5.10-locked', '6.12-boot-failure', '6.12-ownership'];

/** The bundles that older versions judged, each with its `verdict.json`. */
async function oldRun(): Promise<TempDir> {
  const run = await makeTempDir();
  await cp(OLD, run.path, { recursive: true });
  return run;
}

/** Has a bundle's record say another verdict. */
async function rerecord(cell: string, verdict: object, outcome: string): Promise<void> {
  const path = join(cell, 'verdict.json');
  const document = JSON.parse(await readFile(path, 'utf8')) as {
    invariants: { id: string; outcome: string }[];
  };
  const invariants = document.invariants.map((one) =>
    one.id === 'lowmem.locked' ? { ...one, outcome } : one,
  );
  await writeFile(path, JSON.stringify({ ...document, invariants, verdict }));
}

describe('judgeChanges()', () => {
  it('finds no change where nothing changed, and writes nothing', async () => {
    await using run = await oldRun();
    const before = await readdir(run.path, { recursive: true });
    const { mtimeMs } = await stat(join(run.path, '5.10-locked/verdict.json'));
    const again = await judgeChanges(run.path, [], signal);
    expect(again).toMatchObject({ cells: 3, changes: [], unrecorded: [], notJudged: [] });
    expect(await readdir(run.path, { recursive: true })).toEqual(before);
    expect((await stat(join(run.path, '5.10-locked/verdict.json'))).mtimeMs).toBe(mtimeMs);
  });

  it('finds a verdict that was another', async () => {
    await using run = await oldRun();
    const cell = join(run.path, '5.10-locked');
    await rerecord(cell, { kind: 'match' }, 'kept');
    const { changes } = await judgeChanges(run.path, [], signal);
    expect(changes).toMatchObject([
      {
        folder: cell,
        from: { kind: 'match', broken: [], policy: 'lock-on-crashkernel' },
        to: { kind: 'mismatch', broken: ['lowmem.locked'], policy: 'lock-on-crashkernel' },
        invariants: [{ id: 'lowmem.locked', from: 'kept', to: 'broken' }],
        isBroken: true,
      },
    ]);
  });

  it('goes by the known defects of today, not by those of the bundle', async () => {
    await using run = await makeTempDir();
    const cell = join(run.path, '5.10-4g');
    await cp(projectPath('harness/testdata/5.10-4g'), cell, { recursive: true });
    const defect = {
      kernel: { from: '5.10', to: '5.10' },
      invariant: 'kdump.reserved',
      reference: 'commit 1',
    };
    const verdict = { kind: 'mismatch', broken: ['kdump.reserved'] };
    const invariants = [{ id: 'kdump.reserved', outcome: 'broken' }];
    await writeFile(
      join(cell, 'verdict.json'),
      JSON.stringify({ schema: 2, policy: null, invariants, fault: null, verdict }),
    );
    const none = await judgeChanges(run.path, [], signal);
    expect(none.changes).toEqual([]);
    const { parseKernelCondition } = await import('../kernel-condition.ts');
    const kernel = parseKernelCondition('5.10');
    const listed = await judgeChanges(run.path, kernel ? [{ ...defect, kernel }] : [], signal);
    expect(listed.changes).toMatchObject([
      { from: { broken: ['kdump.reserved'] }, to: { known: ['kdump.reserved'], broken: [] } },
    ]);
  });

  it('names what cannot be judged or compared, and goes on', async () => {
    await using run = await oldRun();
    const [cut = '', large = '', fine = ''] = CELLS.map((name) => join(run.path, name));
    await writeFile(join(cut, 'verdict.json'), '{"schema": 2');
    await truncate(join(large, 'verdict.json'), 5 * 1024 * 1024);
    const { cells, notJudged } = await judgeChanges(run.path, [], signal);
    expect(cells).toBe(1);
    expect(notJudged).toMatchObject([
      { folder: cut, why: expect.stringContaining('not JSON') as string, end: 'unjudged' },
      { folder: large, why: expect.stringContaining('expected at most 4194304') as string },
    ]);
    expect(notJudged.map(({ folder }) => folder)).not.toContain(fine);
  });

  it('says which cells have no verdict to compare with', async () => {
    await using run = await makeTempDir();
    await cp(projectPath('harness/testdata/5.10-off'), join(run.path, 'a'), { recursive: true });
    const { unrecorded, changes } = await judgeChanges(run.path, [], signal);
    expect({ unrecorded: unrecorded.length, changes }).toEqual({ unrecorded: 1, changes: [] });
  });

  it('refuses a folder without bundles', async () => {
    await using run = await makeTempDir();
    await expect(judgeChanges(run.path, [], signal)).rejects.toThrow(UsageError);
  });
});
