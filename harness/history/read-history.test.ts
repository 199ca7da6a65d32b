// SPDX-License-Identifier: MIT
import { execFileSync, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, InterruptedError, UsageError } from '../errors.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import type { HistoryLine } from './history-line.ts';
import type { History } from './line-collector.ts';
import { readHistory } from './read-history.ts';
import { historyLine, nightStart } from './testing/history-builder.ts';

const { signal } = new AbortController();

let temp: TempDir;
const at = (name: string): string => join(temp.path, name);

beforeAll(async () => {
  temp = await makeTempDir();
});

afterAll(async () => {
  await temp[Symbol.asyncDispose]();
});

const textOf = (lines: readonly HistoryLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

let nr = 0;
/** Reads texts as files. */
async function read(...texts: readonly string[]): Promise<History> {
  const paths = texts.map(() => at(`${(nr += 1)}.jsonl`));
  await Promise.all(paths.map((path, place) => writeFile(path, texts[place] ?? '')));
  return readHistory(paths, { signal });
}

const LINES = [0, 1, 2].map((night) => historyLine({ night }));

describe('readHistory()', () => {
  it('gives the lines of all files, oldest first, each once', async () => {
    const [old = '', middle = '', recent = ''] = LINES.map((line) => textOf([line]));
    const { lines, skipped } = await read(recent + old, middle + recent, old);
    expect(lines).toEqual(LINES);
    expect(skipped).toEqual({ count: 0, named: [] });
  });

  it('gives the same whatever the order of lines, how often they are there, and in which files', async () => {
    const made = Array.from({ length: 12 }, (_, place) =>
      historyLine({
        night: place >> 2,
        cell: `cell-${place % 2}`,
        repeat: 1 + ((place >> 1) % 2),
        run: 'same',
        // Two differ in what they say, and cannot both be right.
        image: place === 5 ? 'x' : 'y',
      }),
    );
    const liar = { ...(made[3] ?? historyLine()), sub1m: '9' };
    const all = [...made, liar];
    const { lines: expected } = await read(textOf(all));
    expect(expected).toHaveLength(12);
    const order = fc.shuffledSubarray(
      [...all, ...all].map((_, place) => place),
      { minLength: all.length * 2 },
    );
    const cut = fc.integer({ min: 0, max: all.length * 2 });
    await fc.assert(
      fc.asyncProperty(order, cut, async (places, middle) => {
        const shuffled = places.map((place) => all[place % all.length] ?? liar);
        const files = [shuffled.slice(0, middle), shuffled.slice(middle)].map(textOf);
        expect((await read(...files)).lines).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('takes runs with the same name at another time for other runs, as --results makes them', async () => {
    const [one, other] = [0, 1].map((night) => historyLine({ night, run: 'out' }));
    expect((await read(textOf([one ?? historyLine(), other ?? historyLine()]))).lines).toHaveLength(
      2,
    );
  });

  it.each([
    { bytes: 20, why: /^not a whole JSON document: / },
    { bytes: 300, why: /^not a whole JSON document: / },
  ])(
    'names a line that was cut in half after $bytes bytes, and reads the rest',
    async ({ bytes, why }) => {
      const [first, , last] = LINES.map((line) => textOf([line]));
      const cut = (textOf(LINES.slice(1, 2)) ?? '').slice(0, bytes);
      const { lines, skipped } = await read(`${first}${cut}\n${last}`);
      expect(lines).toEqual([LINES[0], LINES[2]]);
      expect(skipped).toMatchObject({ count: 1, named: [{ path: at(`${nr}.jsonl`), line: 2 }] });
      expect(skipped.named[0]?.why).toMatch(why);
    },
  );

  it('reads a last line without an end, and blank lines', async () => {
    const text = `\n\n${textOf(LINES)}\n`.replace(/\n+$/, '');
    expect(await read(text)).toEqual({ lines: LINES, skipped: { count: 0, named: [] } });
  });

  it.each([
    ['null', 'the whole line: Invalid input: expected object, received null'],
    ['{"a":1}', 'schema: Invalid input: expected 1'],
    ['[]', 'the whole line: Invalid input: expected object, received array'],
    [
      JSON.stringify({ ...historyLine(), key: '../x' }),
      'key: Invalid string: must match pattern /^[0-9a-f]{16}$/',
    ],
    [JSON.stringify({ ...historyLine(), cell: '../x' }), 'cell: expected a plain name'],
    [JSON.stringify({ ...historyLine(), at: '2026-13-01T00:00:00Z' }), 'at: no such time'],
    [
      JSON.stringify({ ...historyLine(), seconds: { total: -1 } }),
      'seconds.total: Too small: expected number to be >=0',
    ],
    [
      JSON.stringify({ ...historyLine(), invariants: { kept: [1] } }),
      'invariants.kept.0: Invalid input: expected string, received number',
    ],
    [
      JSON.stringify({ ...historyLine(), kernel: 5 }),
      'kernel: Invalid input: expected object, received number',
    ],
    [`"${'x'.repeat(300_000)}"`, 'longer than 262144 characters'],
  ])('skips what a stranger wrote, and says why: %.30s', async (line, why) => {
    const { lines, skipped } = await read(`${line}\n${textOf(LINES)}`);
    expect(lines).toEqual(LINES);
    expect(skipped).toEqual({ count: 1, named: [{ path: at(`${nr}.jsonl`), line: 1, why }] });
  });

  it('names the first strange lines, and counts all', async () => {
    const { skipped } = await read('{\n'.repeat(1000));
    expect(skipped.count).toBe(1000);
    expect(skipped.named.map(({ line }) => line)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('finds characters of several bytes whole, wherever the file is cut in chunks', async () => {
    const ref = '/src/ö€𝄞/';
    const lines = Array.from({ length: 300 }, (_, repeat) =>
      historyLine({
        repeat: repeat + 1,
        kernel: { ref: ref.repeat(1 + (repeat % 90)), release: null, image: null },
      }),
    );
    expect((await read(textOf(lines))).lines).toEqual(lines);
  });

  it('keeps of a long line without an end nothing in memory', async () => {
    const { lines, skipped } = await read(`${'x'.repeat(5_000_000)}\n${textOf(LINES)}`);
    expect(lines).toEqual(LINES);
    expect(skipped.named.map(({ line }) => line)).toEqual([1]);
  });

  it('takes fields that came later', async () => {
    const text = JSON.stringify({ ...historyLine(), later: { a: 1 } });
    expect((await read(text)).lines).toHaveLength(1);
  });

  it('refuses what a newer sub1m wrote, and says which reads it', async () => {
    const newer = JSON.stringify({ ...historyLine(), schema: 2, sub1m: '0.4.0' });
    await expect(read(`${textOf(LINES)}${newer}\n`)).rejects.toThrow(
      new FormatError(
        `Cannot read history ${at(`${nr}.jsonl`)}:4: expected schema 1, found 2; sub1m 0.4.0 wrote it and reads it`,
      ),
    );
    await expect(read('{"schema":7}')).rejects.toThrow(
      'found 7; a newer sub1m wrote it and reads it',
    );
  });

  it('leaves out runs before a time', async () => {
    await writeFile(at('since.jsonl'), textOf(LINES));
    const sinceMs = Date.parse(nightStart(1));
    const { lines } = await readHistory([at('since.jsonl')], { signal, sinceMs });
    expect(lines).toEqual(LINES.slice(1));
  });

  it('has one form for a time, whoever wrote it', async () => {
    const lines = [
      historyLine({ at: '2026-11-01T22:00:00Z' }),
      historyLine({ at: '2026-11-01T22:00:00.000Z' }),
    ];
    const { lines: read1 } = await read(textOf(lines));
    expect(read1.map((line) => line.at)).toEqual(['2026-11-01T22:00:00.000Z']);
  });

  it('refuses a file that is not there, and what is no file', async () => {
    const [none, folder] = [at('none.jsonl'), at('folder')];
    await mkdir(folder);
    await expect(readHistory([none], { signal })).rejects.toThrow(UsageError);
    await expect(readHistory([none], { signal })).rejects.toThrow(`Cannot read history ${none}: `);
    await expect(readHistory([folder], { signal })).rejects.toThrow(FormatError);
  });

  it('reads a pipe', async () => {
    await writeFile(at('piped.jsonl'), textOf(LINES));
    execFileSync('mkfifo', [at('pipe')]);
    const cat = spawn('sh', ['-c', 'cat "$1" > "$2"', 'sh', at('piped.jsonl'), at('pipe')]);
    expect((await readHistory([at('pipe')], { signal })).lines).toEqual(LINES);
    cat.kill();
  });

  it('ends with the signal', async () => {
    await writeFile(at('whole.jsonl'), textOf(LINES));
    const aborted = AbortSignal.abort();
    await expect(readHistory([at('whole.jsonl')], { signal: aborted })).rejects.toThrow(
      InterruptedError,
    );
  });
});
