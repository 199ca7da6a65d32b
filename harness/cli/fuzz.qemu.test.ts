// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import { leftBehind, startSub1m } from '../testing/run-sub1m.ts';
import { TWO_PHASE, buildTwoPhase } from '../testing/source-kernel.ts';

buildTwoPhase();

/** What the journal says of a case. */
interface Ran {
  readonly nr: number;
  readonly outcomes: readonly { readonly predicted: string; readonly outcome: string }[];
}

it('runs cases, goes on after Ctrl-C, and leaves nothing but its journal', async () => {
  await using temp = await makeTempDir();
  const corpus = join(temp.path, 'corpus');
  // None of these machines is near 128 ranges.
  const args = ['fuzz', '--kernel', TWO_PHASE, '--cases', '4', '--seed', '1', '--jobs', '2'];
  const started = startSub1m([...args, '--corpus', corpus, '--budget', '3', '--json']);
  await started.says(': match; ');
  started.child.kill('SIGINT');
  const first = await started.ended;
  expect(first.status).toBe(130);
  expect(leftBehind(started.child.pid)).toEqual([]);
  const second = startSub1m([...args, '--corpus', corpus, '--budget', '3', '--json']);
  const { status, stdout } = await second.ended;
  const { fuzz, findings } = JSON.parse(stdout) as {
    readonly fuzz: { readonly cases: number; readonly earlier: number };
    readonly findings: readonly unknown[];
  };
  expect(fuzz.earlier).toBeGreaterThan(0);
  expect(fuzz.cases + fuzz.earlier).toBe(4);
  expect({ status, findings }).toEqual({ status: 0, findings: [] });
  const lines = (await journalOf(corpus)).trim().split('\n');
  const ran = lines.map((line) => JSON.parse(line) as Ran).toSorted((a, b) => a.nr - b.nr);
  expect(ran.map(({ nr }) => nr)).toEqual([0, 1, 2, 3]);
  expect(ran.map(({ outcomes }) => outcomes[0]?.predicted)).toEqual([
    'boots',
    'boots',
    'boots',
    'boots',
  ]);
  expect(await readdir(corpus)).toEqual(['.lock', 'journal.jsonl']);
  expect(leftBehind(second.child.pid)).toEqual([]);
});

async function journalOf(corpus: string): Promise<string> {
  return readFile(join(corpus, 'journal.jsonl'), 'utf8').catch(() => '');
}
