// SPDX-License-Identifier: MIT
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../errors.ts';
import { expandSpecs } from './expand.ts';
import { readMatrix } from './matrix-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sub1m-test-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function matrixFile(text: string): Promise<string> {
  const path = join(folder, 'matrix.json');
  await writeFile(path, text);
  return path;
}

describe('readMatrix', () => {
  it('reads a matrix of images/matrices by its name', async () => {
    const { axes } = await readMatrix('default');
    expect(axes).toMatchObject([
      {
        kernel: ['debian:5.10', 'debian:6.1', 'debian:6.12', 'recipe:two-phase-6.12'],
        crashkernel: [null, '256M'],
      },
    ]);
  });

  it('reads a matrix by its path', async () => {
    const axes = { kernel: ['bzImage'], cpus: [1, 4], load: ['kexec_file_load', 'kexec_load'] };
    const path = await matrixFile(JSON.stringify({ schema: 1, axes }));
    expect(await readMatrix(path)).toEqual({
      axes: [axes],
      known: [],
      seeded: [],
      seededPerRun: null,
      freshTwinOneIn: null,
    });
  });

  it('reads lists of axes and of seeded faults', async () => {
    const axes = [{ kernel: ['small'] }, { kernel: ['large'], memoryMiB: [2048] }];
    const fault = { name: 'one', axes: {}, caughtBy: ['lowmem.locked'] };
    const seeded = ['recipe:a', 'recipe:b'].map((base) => ({ base, faults: [fault] }));
    const path = await matrixFile(JSON.stringify({ schema: 1, axes, seeded }));
    const read = seeded.map((one) => ({ ...one, base: [one.base] }));
    expect(await readMatrix(path)).toEqual({
      axes,
      known: [],
      seeded: read,
      seededPerRun: null,
      freshTwinOneIn: null,
    });
  });

  it('reads the known defects of a matrix', async () => {
    const entry = { kernel: '..5.4', invariant: 'lowmem.page0-kept', reference: 'commit 1234' };
    const matrix = { schema: 1, axes: { kernel: ['bzImage'] }, known: [entry] };
    expect(await readMatrix(await matrixFile(JSON.stringify(matrix)))).toEqual({
      axes: [{ kernel: ['bzImage'] }],
      known: [{ ...entry, kernel: { from: null, to: [5, 4] } }],
      seeded: [],
      seededPerRun: null,
      freshTwinOneIn: null,
    });
  });

  it('takes known defects and seeded faults from where they are kept', async () => {
    const text =
      '{"schema": 1, "knownIn": ["released"], "seededIn": ["faults"], "seededPerRun": 2}';
    const { known, seeded, seededPerRun } = await readMatrix(await matrixFile(text));
    expect(known.map(({ invariant }) => invariant)).toContain('lowmem.locked');
    expect(seeded).toEqual((await readMatrix('faults')).seeded);
    expect(seededPerRun).toBe(2);
  });

  it('has each matrix of images/matrices, and cells for each', async () => {
    for (const name of ['default', 'faults', 'configs', 'nightly']) {
      const { axes, seeded } = await readMatrix(name);
      expect(axes.flatMap(expandSpecs).length + seeded.length).toBeGreaterThan(0);
    }
  });

  it('names the matrices there are when there is no such file', async () => {
    const reading = readMatrix(join(folder, 'none.json'));
    await expect(reading).rejects.toThrow(UsageError);
    await expect(reading).rejects.toThrow(
      /none.json: not a readable file; give its path, or one of .*default/,
    );
  });

  it.each([
    { text: '{"schema": 2, "axes": {"kernel": ["a"]}}', why: 'schema: Invalid input: expected 1' },
    {
      text: '{"schema": 1, "axes": {}}',
      why: 'axes.0.kernel: Invalid input: expected array, received undefined',
    },
    {
      text: '{"schema": 1, "axes": {"kernel": []}}',
      why: 'axes.0.kernel: Too small: expected array to have >=1 items',
    },
    {
      text: '{"schema": 1, "axes": {"kernel": ["a"], "cpus": [1, "2"]}}',
      why: 'axes.0.cpus.1: Invalid input: expected number, received string',
    },
    {
      text: '{"schema": 1, "axes": {"kernel": ["a"], "cpu": [1]}}',
      why: 'axes.0: Unrecognized key: "cpu"',
    },
    {
      text: '{"schema": 1, "axes": {"kernel": ["a"]}, "known": {}}',
      why: 'known: Invalid input: expected array, received object',
    },
    {
      text: '{"schema": 1, "seeded": {"base": "a", "faults": [{"name": "one"}]}}',
      why: 'seeded.0.faults.0.caughtBy: expected invariants, or why nothing catches it in "uncaught"',
    },
    { text: '[]', why: 'the whole file: Invalid input: expected object, received array' },
  ])('names the field at fault: $why', async ({ text, why }) => {
    const path = await matrixFile(text);
    const message = `Cannot read matrix ${path}: ${why}; compare images/matrices/default.json`;
    await expect(readMatrix(path)).rejects.toThrow(new FormatError(message));
  });

  it('refuses a file that is cut short: it is not JSON', async () => {
    const path = await matrixFile('{"schema": 1, "ax');
    await expect(readMatrix(path)).rejects.toThrow(FormatError);
    await expect(readMatrix(path)).rejects.toThrow(`Cannot read matrix ${path}: not JSON: `);
  });
});
