// SPDX-License-Identifier: MIT
import { appendFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError, UsageError } from '../../errors.ts';
import { generateCase } from '../../fuzz/generate-case.ts';
import type { Finding, JournalLine } from '../../fuzz/journal.ts';
import { parseLayout } from '../../layout/layout.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { CorpusFolder, layoutPath } from './corpus-folder.ts';

const { signal } = new AbortController();
const RAN: JournalLine = { kind: 'case', run: 'x', seed: 1, nr: 0, outcomes: [] };
const FINDING: Finding = {
  kind: 'finding',
  class: 'boot-failure: Kernel panic - not syncing: no room',
  kernel: 'debian:6.12',
  policy: 'auto',
  case: generateCase(1, 3),
  why: 'seen',
  predicted: 'boots',
  seed: 1,
  nr: 3,
  state: 'smaller',
  boots: 1,
  others: [],
};

async function note(folder: string, ...lines: JournalLine[]): Promise<void> {
  await using corpus = await CorpusFolder.open(folder, signal);
  for (const line of lines) await corpus.note(line);
}

it('keeps what was noted, and a layout of each finding', async () => {
  await using temp = await makeTempDir();
  const folder = join(temp.path, 'new', 'corpus');
  await note(folder, RAN, FINDING);
  await note(folder, { ...FINDING, state: 'minimal', case: generateCase(1, 4) });
  await using corpus = await CorpusFolder.open(folder, signal);
  const [finding] = corpus.journal.findings;
  expect(finding).toMatchObject({ state: 'minimal', case: generateCase(1, 4) });
  expect(corpus.journal.cases).toEqual([RAN]);
  const path = layoutPath(folder, FINDING);
  expect(path).toContain('boot-failure-kernel-panic-not-syncing-no-room-');
  const layout = parseLayout(await readFile(path, 'utf8'), path);
  expect(path).toBe(join(folder, `${layout.id}.json`));
  const names = await readdir(folder);
  expect(names.toSorted()).toEqual(['.lock', `${layout.id}.json`, 'journal.jsonl']);
});

it('goes on behind a last line that a kill cut short', async () => {
  await using temp = await makeTempDir();
  await note(temp.path, RAN);
  await appendFile(join(temp.path, 'journal.jsonl'), '{"kind":"finding","cl');
  await note(temp.path, { ...RAN, nr: 1 });
  await using corpus = await CorpusFolder.open(temp.path, signal);
  expect(corpus.journal.cases.map(({ nr }) => nr)).toEqual([0, 1]);
});

it('is for one program at a time', async () => {
  await using temp = await makeTempDir();
  await using held = await CorpusFolder.open(temp.path, signal);
  await held.note(RAN);
  const second = CorpusFolder.open(temp.path, signal);
  await expect(second).rejects.toThrow(UsageError);
  await expect(second).rejects.toThrow('another sub1m fuzz has it');
});

it('says what is wrong with a folder', async () => {
  await using temp = await makeTempDir();
  const file = join(temp.path, 'file');
  await writeFile(file, 'x\n');
  await expect(CorpusFolder.open(join(file, 'corpus'), signal)).rejects.toThrow(HostError);
  await writeFile(join(temp.path, 'journal.jsonl'), 'x\n');
  const read = CorpusFolder.open(temp.path, signal);
  await expect(read).rejects.toThrow('journal.jsonl, line 1: not JSON');
  // It is free again.
  await writeFile(join(temp.path, 'journal.jsonl'), '');
  await note(temp.path, RAN);
});
