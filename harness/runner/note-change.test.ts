// SPDX-License-Identifier: MIT
import { readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MachineInput } from '../bundle/cell-record.ts';
import type { Verdict } from '../check/judgement.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { sha256 } from '../process/file-hash.ts';
import { type TempDir, makeTempDir } from '../process/temp-dir.ts';
import { noteChange } from './note-change.ts';

const GIVEN: readonly MachineInput['what'][] = ['kernel', 'initramfs', 'input disk', 'firmware'];
const BLAME: readonly Verdict[] = [
  { kind: 'mismatch', broken: ['lowmem.locked'] },
  { kind: 'boot-failure', lastLine: 'end' },
  { kind: 'no-vmcore', phase: 'capture' },
];
const UNJUDGED: Verdict = { kind: 'unjudged', code: 'E_PROCESS', why: 'QEMU ended' };

let temp: TempDir;
beforeEach(async () => {
  temp = await makeTempDir();
});
afterEach(async () => {
  await temp[Symbol.asyncDispose]();
});

function place(what: MachineInput['what']): string {
  return join(temp.path, what);
}

/** A cell whose machine was given files that are now as they were. */
async function cellWith(verdict: Verdict): Promise<JudgedCell> {
  const inputs: MachineInput[] = [];
  for (const what of GIVEN) {
    await writeFile(place(what), what);
    inputs.push({ what, path: place(what), sha256: sha256(what) });
  }
  return { ...judgedCell({ record: { inputs }, judgement: { verdict } }), folder: temp.path };
}

async function noted(): Promise<unknown> {
  const record = JSON.parse(await readFile(join(temp.path, 'cell.json'), 'utf8')) as object;
  return 'changedInput' in record ? record.changedInput : undefined;
}

it.each([...BLAME, UNJUDGED, { kind: 'match' } as const])(
  'a verdict of $kind stands while all files are as they were',
  async (verdict) => {
    expect(await noteChange(await cellWith(verdict))).toBe(false);
    await expect(noted()).rejects.toThrow('ENOENT');
  },
);

const cases = [...BLAME, UNJUDGED].flatMap((verdict) => GIVEN.map((what) => ({ verdict, what })));

it.each(cases)('no $verdict.kind where the $what was cut', async ({ verdict, what }) => {
  const cell = await cellWith(verdict);
  await truncate(place(what), 0);
  expect(await noteChange(cell)).toBe(true);
  expect(await noted()).toBe(
    `The ${what} ${place(what)} is not what it was: expected sha256 ${sha256(what)}, found ${sha256('')}`,
  );
});

it('reads all again before a kernel is blamed, whatever sizes and times say', async () => {
  const cell = await cellWith(BLAME[0] ?? UNJUDGED);
  await writeFile(place('kernel'), 'kernal');
  await utimes(place('kernel'), 0, 0);
  expect(await noteChange(cell)).toBe(true);
});

it('a match stands unless the disk that a machine reads late has changed', async () => {
  const cell = await cellWith({ kind: 'match' });
  for (const what of GIVEN.filter((one) => one !== 'input disk')) await rm(place(what));
  expect(await noteChange(cell)).toBe(false);
  await rm(place('input disk'));
  expect(await noteChange(cell)).toBe(true);
  expect(await noted()).toContain('ENOENT');
});
