// SPDX-License-Identifier: MIT
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { type Sign, bootOf, changes } from './testing/change-builder.ts';
import { StateFile } from './state-file.ts';

const SIGNS: readonly Sign[] = ['+', '-', '?'];

it('has every boot after a program was killed', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'state', 'key.json');
  const [change] = changes('a');
  if (!change) throw new Error('Expected one');
  const boots = SIGNS.map((sign) => bootOf(change, sign));
  const state = await StateFile.open(path, 'what is asked');
  expect(state.boots).toEqual([]);
  for (const boot of boots) {
    await state.add(boot);
    // What a program that was killed while it wrote leaves behind does not count.
    await writeFile(join(temp.path, 'state', '.unfinished-1-x'), '{"schema": 1, "boo');
    expect((await StateFile.open(path, 'what is asked')).boots).toEqual(state.boots);
  }
  expect(state.boots).toEqual(boots);
  expect(await readdir(join(temp.path, 'state'))).toContain('key.json');
  expect(await readFile(path, 'utf8')).toContain('what is asked');
});

it('asks again about boots that failed because of the host', async () => {
  await using temp = await makeTempDir();
  const path = join(temp.path, 'key.json');
  const [change] = changes('a');
  if (!change) throw new Error('Expected one');
  const state = await StateFile.open(path, '');
  for (const sign of ['~', '+', '~'] as const) await state.add(bootOf(change, sign));
  expect(state.boots).toHaveLength(3);
  expect((await StateFile.open(path, '')).boots).toEqual([bootOf(change, '+')]);
});

it.each(['', '{"schema": 2}', '{"schema": 1, "question": "", "boots": [{}]}'])(
  'refuses what is no state: %s',
  async (text) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'key.json');
    await writeFile(path, text);
    await expect(StateFile.open(path, '')).rejects.toThrow(FormatError);
    await expect(StateFile.open(path, '')).rejects.toThrow('remove it to start over');
  },
);
