// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { JOURNAL } from '../runner/journal.ts';
import { orphansOf, MARK, runSub1m, startSub1m } from '../testing/run-sub1m.ts';
import { TWO_PHASE, buildTwoPhase } from '../testing/source-kernel.ts';

buildTwoPhase();

/** Small cells of a kernel that sub1m has built, told apart by a word that the kernel ignores. */
const CELLS = 6;
const MATRIX = {
  schema: 1,
  axes: {
    kernel: [TWO_PHASE],
    trigger: ['none'],
    vmcore: ['none'],
    truth: ['none'],
    append: Array.from({ length: CELLS }, (_, nr) => `sub1m.nr=${nr}`),
  },
};

interface JournalLine {
  readonly kind: string;
  readonly cell: string;
}

async function journalOf(folder: string): Promise<JournalLine[]> {
  const text = await readFile(join(folder, JOURNAL), 'utf8').catch(() => '');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JournalLine);
}

async function cellsThat(kind: string, folder: string): Promise<string[]> {
  return (await journalOf(folder)).filter((line) => line.kind === kind).map(({ cell }) => cell);
}

it('a run that is killed twice has each cell once, those that ended as they were', async () => {
  await using temp = await makeTempDir();
  const folder = join(temp.path, 'results');
  const matrix = join(temp.path, 'small.json');
  const history = join(temp.path, 'history.jsonl');
  await writeFile(matrix, JSON.stringify(MATRIX));
  const mark = temp.path;
  const starts = [
    ['run', matrix, '--results', folder, '--jobs', '1', '--history', history],
    ['run', '--resume', folder, '--jobs', '1'],
  ];
  for (const [nr, args] of starts.entries()) {
    const running = startSub1m(args, { [MARK]: mark });
    // In the middle of the next cell.
    await expect
      .poll(() => cellsThat('start', folder), { timeout: 120_000, interval: 50 })
      .toHaveLength(2 * nr + 2 + nr);
    process.kill(running.child.pid ?? 0, 'SIGKILL');
    await running.ended;
    expect(await orphansOf(mark)).toEqual([]);
  }
  const ended = await cellsThat('end', folder);
  expect(ended).toHaveLength(3);
  const record = (cell: string): Promise<string> =>
    readFile(join(folder, cell, 'cell.json'), 'utf8');
  const before = await Promise.all(ended.map(record));

  const { stdout, status, stderr } = await runSub1m(['run', '--resume', folder, '--json']);
  expect(stderr).toContain('3 of 6 cells have ended before');
  const { cells, summary } = parseDocument('run', stdout);
  expect(status).toBe(0);
  expect(summary).toMatchObject({ match: CELLS });
  expect(new Set(cells.map(({ id }) => id)).size).toBe(CELLS);
  expect(await Promise.all(ended.map(record))).toEqual(before);
  const all = await cellsThat('end', folder);
  expect(all.toSorted()).toEqual(cells.map(({ id }) => id).toSorted());
  const noted = (await readFile(history, 'utf8')).trimEnd().split('\n');
  expect(noted).toHaveLength(CELLS);
});

it.each([
  { args: ['--layout', 'stock'], found: '--layout' },
  { args: ['default'], found: 'the matrix default' },
])('a run that goes on takes no $found', async ({ args, found }) => {
  const { stderr, status } = await runSub1m(['run', '--resume', '/nowhere', ...args]);
  expect(stderr).toContain(`Cannot use --resume with ${found}: `);
  expect(status).toBe(64);
});
