// SPDX-License-Identifier: MIT
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { INVARIANTS } from '../check/invariants/invariants.ts';
import { FormatError, UsageError } from '../errors.ts';
import { type Axes, expand } from './expand.ts';
import {
  type KnownDefect,
  knownDefectSchema,
  matchKnownDefects,
  readKnownDefects,
} from './known-defects.ts';

const ENTRY = { kernel: '5.10', invariant: 'lowmem.locked', reference: 'commit 1234' };
const RELEASE = '5.10.0-32-cloud-amd64';

function defect(fields: object): KnownDefect {
  return knownDefectSchema.parse({ ...ENTRY, ...fields });
}

describe('matchKnownDefects', () => {
  it.each<{ fields: object; axes: Partial<Axes>; applies: boolean }>([
    { fields: {}, axes: {}, applies: true },
    { fields: { kernel: '6.1' }, axes: {}, applies: false },
    { fields: { layout: 'x1c6' }, axes: { layout: ['x1c6'] }, applies: true },
    { fields: { layout: 'x1c6' }, axes: {}, applies: false },
    { fields: { layout: 'stock' }, axes: {}, applies: true },
    { fields: { crashkernel: true }, axes: { crashkernel: ['256M'] }, applies: true },
    { fields: { crashkernel: true }, axes: {}, applies: false },
    { fields: { crashkernel: false }, axes: {}, applies: true },
    { fields: { crashkernel: false }, axes: { crashkernel: ['256M'] }, applies: false },
    { fields: {}, axes: { crashkernel: ['256M'], layout: ['x1c6'] }, applies: true },
    { fields: { append: 'nokaslr' }, axes: { append: ['quiet  nokaslr'] }, applies: true },
    { fields: { append: 'nokaslr' }, axes: { append: ['xnokaslr nokaslr=1'] }, applies: false },
    { fields: { append: 'nokaslr' }, axes: {}, applies: false },
    {
      fields: { layout: 'x1c6', crashkernel: true },
      axes: { layout: ['x1c6'] },
      applies: false,
    },
  ])('$fields applies to a cell of $axes: $applies', ({ fields, axes, applies }) => {
    const [cell] = expand({ kernel: ['k'], ...axes });
    if (!cell) throw new Error('Expected a cell');
    const expected = applies ? [{ invariant: 'lowmem.locked', reference: 'commit 1234' }] : [];
    expect(matchKnownDefects([defect(fields)], cell.spec, RELEASE)).toEqual(expected);
  });

  it('gives all that apply, in their order', () => {
    const [cell] = expand({ kernel: ['k'] });
    if (!cell) throw new Error('Expected a cell');
    const defects = [
      defect({ reference: 'b' }),
      defect({ kernel: '6.1' }),
      defect({ invariant: 'boot.userspace', reference: 'a' }),
    ];
    expect(matchKnownDefects(defects, cell.spec, RELEASE)).toEqual([
      { invariant: 'lowmem.locked', reference: 'b' },
      { invariant: 'boot.userspace', reference: 'a' },
    ]);
  });
});

describe('readKnownDefects', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sub1m-test-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  async function read(text: string): Promise<KnownDefect[]> {
    const path = join(folder, 'known.json');
    await writeFile(path, text);
    return readKnownDefects(path);
  }

  it('reads the entries of a file', async () => {
    const known = [ENTRY, { ...ENTRY, kernel: '5.13..', layout: 'stock', crashkernel: true }];
    expect(await read(JSON.stringify({ schema: 1, known }))).toEqual([
      { ...ENTRY, kernel: { from: [5, 10], to: [5, 10] } },
      { ...ENTRY, kernel: { from: [5, 13], to: null }, layout: 'stock', crashkernel: true },
    ]);
  });

  it('refuses a path where there is no file', async () => {
    const path = join(folder, 'none.json');
    await expect(readKnownDefects(path)).rejects.toThrow(
      new UsageError(`Cannot read known defects ${path}: not a readable file; give its path`),
    );
  });

  const versions = 'expected a version such as 5.10 or a range such as 5.10..6.1, 5.13.. or ..5.4';

  it.each([
    { fields: { kernel: '5.x' }, why: `known.1.kernel: ${versions}, found "5.x"` },
    { fields: { kernel: '6.1..5.10' }, why: `known.1.kernel: ${versions}, found "6.1..5.10"` },
    {
      fields: { kernel: undefined },
      why: 'known.1.kernel: Invalid input: expected string, received undefined',
    },
    {
      fields: { invariant: 'lowmem.lock' },
      why:
        'known.1.invariant: expected an invariant, found "lowmem.lock"; ' +
        `they are ${Object.keys(INVARIANTS).join(', ')}`,
    },
    {
      fields: { invariant: 'toString' },
      why: 'known.1.invariant: expected an invariant, found "toString"',
    },
    { fields: { reference: ' ' }, why: 'known.1.reference: expected an address or a commit' },
    { fields: { append: 'a b' }, why: 'known.1.append: expected one word of a command line' },
    {
      fields: { crashkernel: '256M' },
      why: 'known.1.crashkernel: Invalid input: expected boolean, received string',
    },
    { fields: { cpus: 2 }, why: 'known.1: Unrecognized key: "cpus"' },
  ])('names the field at fault: $why', async ({ fields, why }) => {
    const reading = read(JSON.stringify({ schema: 1, known: [ENTRY, { ...ENTRY, ...fields }] }));
    await expect(reading).rejects.toThrow(FormatError);
    await expect(reading).rejects.toThrow(
      `Cannot read known defects ${join(folder, 'known.json')}: ${why}`,
    );
  });

  it.each([
    { text: '{"schema": 2, "known": []}', why: 'schema: Invalid input: expected 1' },
    {
      text: '{"schema": 1}',
      why: 'known: Invalid input: expected array, received undefined',
    },
    { text: '[]', why: 'the whole file: Invalid input: expected object, received array' },
  ])('shows what is expected instead of $text', async ({ text, why }) => {
    const path = join(folder, 'known.json');
    await expect(read(text)).rejects.toThrow(
      new FormatError(
        `Cannot read known defects ${path}: ${why}; one is {"kernel": "5.10..6.1", ` +
          '"invariant": "lowmem.locked", "reference": "<address or commit>"}',
      ),
    );
  });
});
