// SPDX-License-Identifier: MIT
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cellRecordSchema } from '../bundle/cell-record.ts';
import { HostError } from '../errors.ts';
import { expand } from '../matrix/expand.ts';
import { runEnd } from '../matrix/run-end.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { judgeFolder } from './judge-folder.ts';
import { untoldCell } from './untold-cell.ts';

const { signal } = new AbortController();
const BUNDLE = join(import.meta.dirname, '../testdata/5.10-off');

const fullDisk = Object.assign(new Error('ENOSPC: no space left on device, write'), {
  errno: -28,
  code: 'ENOSPC',
  syscall: 'write',
});

it.each([
  {
    what: 'a bug',
    thrown: new RangeError('too far'),
    code: 'E_BUG',
    says: 'RangeError: too far',
    end: 'bug',
  },
  {
    what: 'the host',
    thrown: new HostError('No KVM'),
    code: 'E_HOST',
    says: 'No KVM',
    end: 'host',
  },
  { what: 'a full disk', thrown: fullDisk, code: 'E_HOST', says: 'ENOSPC', end: 'host' },
  { what: 'what is no error', thrown: 'words', code: 'E_BUG', says: 'words', end: 'bug' },
])(
  'is unjudged, with a record that can be read, when $what kept a cell from being run',
  (given) => {
    const [planned] = expand({ kernel: ['debian:6.12'], crashkernel: ['256M'] });
    if (!planned) throw new Error('expected a cell, found none');
    const cell = untoldCell(planned, '/r/cell', given.thrown);
    const { verdict, invariants } = cell.judgement;
    expect(verdict).toMatchObject({ kind: 'unjudged', code: given.code });
    expect(verdict).toHaveProperty('why', expect.stringContaining(given.says));
    expect(invariants.filter(({ outcome }) => ['kept', 'broken'].includes(outcome))).toEqual([]);
    expect(cellRecordSchema.parse(cell.record)).toEqual(cell.record);
    expect(runEnd([cell])).toBe(given.end);
  },
);

it('leaves a verdict that says so when a bug ends the thread that reads the dump', async () => {
  await using folder = await makeTempDir();
  await cp(BUNDLE, folder.path, { recursive: true });
  const bug = Promise.reject(new RangeError('too far'));
  const { judgement } = await judgeFolder(folder.path, signal, bug);
  expect(judgement.verdict).toMatchObject({ kind: 'unjudged', code: 'E_BUG' });
  const written: unknown = JSON.parse(await readFile(join(folder.path, 'verdict.json'), 'utf8'));
  expect(written).toMatchObject({ verdict: { kind: 'unjudged', code: 'E_BUG' } });
});

it("throws the host's error in that thread, which says nothing of the bundle", async () => {
  await using folder = await makeTempDir();
  await cp(BUNDLE, folder.path, { recursive: true });
  const lost = judgeFolder(folder.path, signal, Promise.reject(fullDisk));
  await expect(lost).rejects.toThrow(
    new HostError(`Cannot judge ${folder.path}: ${fullDisk.message}`),
  );
});
