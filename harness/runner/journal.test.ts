// SPDX-License-Identifier: MIT
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../errors.ts';
import { silentLog } from '../log.ts';
import { expand } from '../matrix/expand.ts';
import { parseMatrix } from '../matrix/matrix-file.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { JOURNAL, Journal, parseJournal, readJournal } from './journal.ts';

const MATRIX = `{"schema": 1, "axes": {"kernel": ["debian:6.12"]}, "known": [
  {"kernel": "5.10..6.1", "crashkernel": true, "invariant": "lowmem.locked", "reference": "https://example.org/"}]}`;
const HEAD = {
  startedAt: '2026-11-22T13:30:00.000Z',
  settings: { jobs: 'auto' as const, budget: 2, keep: ['broken' as const, 'memory' as const] },
  known: parseMatrix(MATRIX, 'm.json').known,
  cells: [
    ...expand({ kernel: ['debian:6.12'], crashkernel: [null, '256M'] }),
    ...expand({ kernel: ['b'] }).map((cell) => ({
      ...cell,
      fault: { name: 'f', caughtBy: ['lowmem.locked'] },
    })),
  ],
};

async function written(): Promise<string> {
  await using temp = await makeTempDir();
  {
    await using journal = await Journal.begin(temp.path, HEAD, silentLog);
    journal.started('a');
    journal.ended('a', judgedCell().judgement);
  }
  return await readFile(join(temp.path, JOURNAL), 'utf8');
}

describe('Journal', () => {
  it('reads what it has written', async () => {
    const { seconds, ...head } = parseJournal(await written(), 'journal.jsonl');
    expect(head).toEqual(HEAD);
    expect(seconds).toBeLessThan(10);
  });

  it('goes on behind a line that was cut', async () => {
    await using temp = await makeTempDir();
    await using first = await Journal.begin(temp.path, HEAD, silentLog);
    await first[Symbol.asyncDispose]();
    await appendFile(join(temp.path, JOURNAL), '{"kind":"end","at":1');
    {
      await using journal = await Journal.goOn(temp.path, silentLog);
      journal.done();
    }
    const { cells } = await readJournal(temp.path);
    expect(cells).toEqual(HEAD.cells);
    const lines = (await readFile(join(temp.path, JOURNAL), 'utf8')).trimEnd().split('\n');
    expect(lines.slice(-3).map((line) => line.slice(0, 15))).toEqual([
      '{"kind":"end","',
      '{"kind":"begin"',
      '{"kind":"done",',
    ]);
  });

  it('adds up the time for which programs ran, and leaves out that between them', async () => {
    const [run = ''] = (await written()).split('\n');
    const at = (kind: string, ms: number): string =>
      JSON.stringify({ kind, at: ms, ...(kind === 'begin' ? { pid: 1 } : { cell: 'a' }) });
    const lines = [at('begin', 1000), at('start', 4000), at('begin', 90_000), at('start', 92_500)];
    expect(parseJournal([run, ...lines].join('\n'), 'j').seconds).toBe(5.5);
  });

  it('warns once when the disk is full, and stops nothing', async () => {
    await using temp = await makeTempDir();
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (text: string) => warnings.push(text) };
    {
      await using journal = await Journal.begin(temp.path, HEAD, log);
      await journal[Symbol.asyncDispose]();
      journal.started('a');
      journal.started('b');
    }
    expect(warnings).toEqual([expect.stringContaining('Cannot write journal.jsonl: ')]);
  });
});

describe('readJournal()', () => {
  it('says where there is none', async () => {
    await using temp = await makeTempDir();
    await expect(readJournal(temp.path)).rejects.toThrow(UsageError);
    await expect(readJournal(temp.path)).rejects.toThrow('expected the folder of a run');
  });

  it.each([
    { lines: '', why: 'expected that it begins with the run, found nothing' },
    { lines: '{"kind":"done","at":1}', why: 'found done' },
    { lines: '{"kind":"what"}', why: 'line 1: kind: Invalid' },
    {
      lines: '{"kind":"cell","cell":{"id":"../a","spec":{}}}',
      why: 'line 1: cell.id: expected a plain name',
    },
  ])('refuses $lines', async ({ lines, why }) => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, JOURNAL), lines);
    await expect(readJournal(temp.path)).rejects.toThrow(FormatError);
    await expect(readJournal(temp.path)).rejects.toThrow(why);
  });
});
