// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HistoryLine } from '../history/history-line.ts';
import { historyLine, keyOf, madeHistory, madeName } from '../history/testing/history-builder.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { parseDocument } from '../report/testing/documents.ts';
import { type CommandEnd, runCommand } from '../testing/run-command.ts';
import { runSub1m, sub1mCommand } from '../testing/run-sub1m.ts';

let temp: TempDir;
const at = (name: string): string => join(temp.path, name);

const textOf = (lines: Iterable<HistoryLine>): string =>
  Array.from(lines, (line) => `${JSON.stringify(line)}\n`).join('');

/** Two machines, with every second cell each. */
const SPECIAL = { 1: { broken: (night: number) => night === 9 } };
const LINES = [...madeHistory({ nights: 10, cells: 6, special: SPECIAL })];

beforeAll(async () => {
  temp = await makeTempDir();
  await writeFile(at('one.jsonl'), textOf(LINES.filter((_, nr) => nr % 2 === 0)));
  await writeFile(at('other.jsonl'), textOf(LINES.filter((_, nr) => nr % 2 === 1)));
  await writeFile(at('all.jsonl'), textOf(LINES));
  await writeFile(at('empty.jsonl'), '');
  await writeFile(at('newer.jsonl'), JSON.stringify({ ...historyLine(), schema: 2, sub1m: '3.1' }));
  await writeFile(at('stranger.jsonl'), '{"name":"x"}\n# text\n');
});

afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

function history(line: string): Promise<CommandEnd> {
  const words = line.split(' ').map((word) => (word.endsWith('.jsonl') ? at(word) : word));
  return runSub1m(['history', ...words]);
}

// Each starts a process, which takes a second or two on an idle host.
describe('sub1m history', { timeout: 60_000 }, () => {
  it('shows the newest night of several files, and ends with 0 whatever it says', async () => {
    const { status, stdout, stderr } = await history('other.jsonl one.jsonl');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(
      'Night of 2026-09-10 22:00 UTC, after 9 nights: 6 cells: 5 match, 1 mismatch',
    );
    expect(stdout).toContain(`New (1 cell)\n  ${madeName(1)}: lowmem.locked (was kept)`);
  });

  it('says the same of files that hold the same lines twice, and of a pipe', async () => {
    const { stdout } = await history('all.jsonl');
    expect((await history('other.jsonl all.jsonl one.jsonl')).stdout).toBe(stdout);
    const script = `"$@" <(cat ${at('one.jsonl')} ${at('other.jsonl')})`;
    const words = ['bash', '-c', script, 'bash', ...sub1mCommand(), 'history'];
    expect((await runCommand(words)).stdout).toBe(stdout);
  });

  it('shows a cell by its name or key', async () => {
    const byName = await history(`all.jsonl --cell ${madeName(1)}`);
    expect(byName.stdout).toContain('2026-09-01  .........X\n');
    expect(await history(`all.jsonl --cell ${keyOf(madeName(1))}`)).toEqual(byName);
  });

  it('goes back as far as it is asked to', async () => {
    const { stdout } = await history(`all.jsonl --cell ${madeName(1)} --since 2026-09-06`);
    expect(stdout).toContain('2026-09-06  ....X\n');
  });

  it('prints a document', async () => {
    const { stdout } = await history(`all.jsonl --json --cell ${madeName(1)}`);
    expect(parseDocument('history', stdout)).toMatchObject({ nights: 10, lines: 60, skipped: 0 });
  });

  it('names a line that it skips', async () => {
    const { status, stderr, stdout } = await history('all.jsonl stranger.jsonl');
    expect(status).toBe(0);
    expect(stderr).toBe(
      `warning: ${at('stranger.jsonl')}:1 skipped: schema: Invalid input: expected 1\n` +
        `warning: ${at('stranger.jsonl')}:2 skipped: not a whole JSON document: Unexpected token '#', "# text" is not valid JSON\n`,
    );
    expect(stdout).toContain('Night of 2026-09-10');
  });

  it.each([
    { line: 'none.jsonl', status: 64, says: 'Cannot read history {}/none.jsonl: ENOENT' },
    { line: 'empty.jsonl', status: 64, says: 'Cannot show history {}/empty.jsonl: found nothing' },
    { line: 'all.jsonl --since 2030-01-01', status: 64, says: 'found no run since then' },
    { line: 'all.jsonl --since yesterday', status: 64, says: 'Expected a date in UTC' },
    { line: 'all.jsonl --since 2026-13-01', status: 64, says: 'Expected a date in UTC' },
    { line: 'all.jsonl --cell layout-1', status: 64, says: 'expected a cell of the history' },
    { line: 'stranger.jsonl', status: 65, says: 'found none among 2 lines' },
    {
      line: 'all.jsonl newer.jsonl',
      status: 65,
      says: '{}/newer.jsonl:1: expected schema 1, found 2; sub1m 3.1 wrote it',
    },
  ])('"$line" ends with $status', async ({ line, status, says }) => {
    const end = await history(line);
    expect(end).toMatchObject({ status, stdout: '' });
    expect(end.stderr).toContain(says.replace('{}', temp.path));
  });
});
