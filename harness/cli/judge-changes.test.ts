// SPDX-License-Identifier: MIT
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { runSub1m } from '../testing/run-sub1m.ts';

const OLD = join(import.meta.dirname, '../testdata/old-bundles');

/** Two runs whose verdicts are recorded, and what else lies under results/. */
async function nights(): Promise<TempDir> {
  const results = await makeTempDir();
  await cp(join(OLD, '6.12-ownership'), join(results.path, 'night-1/a'), { recursive: true });
  await cp(join(OLD, '6.12-ownership'), join(results.path, 'night-2/a'), { recursive: true });
  await writeFile(join(results.path, 'README.md'), 'Results\n');
  return results;
}

/** Has the record of a bundle say something else than it shows. */
async function rerecord(cell: string, verdict: object): Promise<void> {
  const path = join(cell, 'verdict.json');
  const document = JSON.parse(await readFile(path, 'utf8')) as object;
  await writeFile(path, JSON.stringify({ ...document, verdict }));
}

function judge({ path }: TempDir, ...more: string[]) {
  const names = ['night-1', 'night-2', 'README.md'].map((name) => join(path, name));
  return runSub1m(['judge', ...names, ...more]);
}

// Each test starts a process, which takes a second or two.
describe('sub1m judge of several runs', { timeout: 60_000 }, () => {
  it('ends with 0 where no verdict changed', async () => {
    await using results = await nights();
    const { status, stdout, stderr } = await judge(results);
    expect({ status, stderr }).toEqual({ status: 0, stderr: 'No folders, left out: README.md\n' });
    expect(stdout.replaceAll(/in [\d.]+ s/g, 'in 1 s')).toBe(
      'night-1: 1 cell, 0 changed, in 1 s\n' +
        'night-2: 1 cell, 0 changed, in 1 s\n\n2 runs, 2 cells: 0 verdicts changed\n',
    );
  });

  it('ends with 0 where one is better, and says so', async () => {
    await using results = await nights();
    await rerecord(join(results.path, 'night-2/a'), { kind: 'boot-failure', lastLine: 'x' });
    const { status, stdout } = await judge(results, '--json');
    expect(status).toBe(0);
    const { runs, changes } = parseDocument('verdict-changes', stdout);
    expect(runs.map(({ changed }) => changed)).toEqual([0, 1]);
    expect(changes).toMatchObject([{ run: 'night-2', from: { kind: 'boot-failure' } }]);
  });

  it('ends with 1 where one breaks something now', async () => {
    await using results = await nights();
    await cp(join(OLD, '5.10-locked'), join(results.path, 'night-2/b'), { recursive: true });
    await rerecord(join(results.path, 'night-2/b'), { kind: 'unjudged', code: 'E_HOST', why: '' });
    const none = join(results.path, 'known.json');
    await writeFile(none, '{"schema": 1, "known": []}');
    const { status, stdout } = await judge(results, '--known', none);
    expect(status).toBe(1);
    expect(stdout).toContain('unjudged (E_HOST, lowmem.locked) → mismatch (lowmem.locked)\n');
  });

  it('names what cannot be judged, with 69, and goes on', async () => {
    await using results = await nights();
    await writeFile(join(results.path, 'night-1/a/cell.json'), '{');
    const { status, stdout, stderr } = await judge(results);
    expect(status).toBe(69);
    expect(stderr).toContain(`not judged: ${results.path}/night-1/a: Cannot read cell record`);
    expect(stdout).toContain('night-2: 1 cell, 0 changed');
  });

  it.each([
    { args: ['--reporter', 'tap'], says: 'Cannot write --reporter tap of verdicts that changed' },
    { args: ['--known', '/no/such.json'], says: 'Cannot read known defects /no/such.json' },
  ])('refuses $args with 64', async ({ args, says }) => {
    await using results = await nights();
    const { status, stderr } = await judge(results, ...args);
    expect(status).toBe(64);
    expect(stderr).toContain(says);
  });

  it('is asked for of one run with --changes, without which there is no --known', async () => {
    await using results = await nights();
    const run = join(results.path, 'night-1');
    const { status, stdout } = await runSub1m(['judge', run, '--changes']);
    expect(status).toBe(0);
    expect(stdout).toContain('1 run, 1 cell: 0 verdicts changed\n');
    const refused = await runSub1m(['judge', run, '--known', 'x']);
    expect(refused.status).toBe(64);
    expect(refused.stderr).toContain('Cannot use --known: expected --changes');
  });
});
