// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError, UsageError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { STANDARD_CELL } from './cell-record.ts';
import { EVIDENCE, EVIDENCE_FILES, evidenceLimit } from './evidence.ts';
import { bundleIn } from './testing/bundle-in.ts';

/** A record from before `cell.json` had the panic's line. */
const RECORD = {
  schema: 1,
  id: 'cell',
  spec: { ...STANDARD_CELL, kernel: 'debian:6.12' },
  kernel: null,
  machine: null,
  cmdline: { system: '', capture: null },
  outcome: { kind: 'completed', cause: 'guest-reset' },
  seconds: {},
  startedAt: '2026-11-22T13:40:00Z',
};

const ADVICE = 'run the cell again, or judge it with the sub1m that wrote it';

describe('a bundle', () => {
  it('is the record and the files that are judged', async () => {
    await using temp = await makeTempDir();
    await mkdir(join(temp.path, 'system'));
    await writeFile(join(temp.path, 'cell.json'), JSON.stringify(RECORD));
    for (const file of ['system/iomem', 'system/kpagecount', 'system/spare', 'vmcore']) {
      await writeFile(join(temp.path, file), 'x');
    }
    const { cell, files } = bundleIn(temp.path);
    expect([...files.keys()]).toEqual(['system/iomem']);
    expect(cell.panicLine).toBe('Kernel panic - not syncing: sysrq triggered crash');
  });

  it.each([
    { what: 'no JSON', text: '{', why: 'not JSON: ' },
    { what: 'a newer schema', text: { ...RECORD, schema: 2 }, why: 'schema: ' },
    {
      what: 'an unknown trigger',
      text: { ...RECORD, spec: { ...RECORD.spec, trigger: 'x' } },
      why: 'spec.trigger: ',
    },
  ])('names what is wrong with a cell.json that has $what', async ({ text, why }) => {
    await using temp = await makeTempDir();
    const path = join(temp.path, 'cell.json');
    await writeFile(path, typeof text === 'string' ? text : JSON.stringify(text));
    const wanted = new RegExp(`^Cannot read cell record ${path}: ${why}.*; ${ADVICE}$`);
    expect(() => bundleIn(temp.path)).toThrow(FormatError);
    expect(() => bundleIn(temp.path)).toThrow(wanted);
  });

  it('needs a cell.json', async () => {
    await using temp = await makeTempDir();
    expect(() => bundleIn(temp.path)).toThrow(UsageError);
  });
});

const JUDGED = EVIDENCE_FILES.filter((file) => EVIDENCE[file].judged);
const { spec } = RECORD;

/** A cell's folder with its record alone. */
async function makeCell(folder: string): Promise<void> {
  await writeFile(join(folder, 'cell.json'), JSON.stringify(RECORD));
}

describe('a file of a bundle', () => {
  it.each([...JUDGED, 'cell.json'] as const)(
    'is none that cannot be so large: %s',
    async (file) => {
      await using temp = await makeTempDir();
      await makeCell(temp.path);
      const path = join(temp.path, file);
      await mkdir(dirname(path), { recursive: true });
      const limit = evidenceLimit(file, spec);
      await writeFile(path, '', { flag: 'a' });
      await truncate(path, limit + 1);
      expect(() => bundleIn(temp.path)).toThrow(
        new FormatError(`Cannot read ${path}: expected at most ${limit} bytes, found ${limit + 1}`),
      );
      if (file === 'cell.json') return;
      await truncate(path, limit);
      expect(bundleIn(temp.path).files.get(file)).toHaveLength(limit);
    },
  );

  it.each(JUDGED)('may be as large as that: %s', async (file) => {
    await using temp = await makeTempDir();
    await makeCell(temp.path);
    const path = join(temp.path, file);
    await mkdir(dirname(path), { recursive: true });
    const limit = evidenceLimit(file, spec);
    await writeFile(path, '');
    await truncate(path, limit);
    expect(bundleIn(temp.path).files.get(file)).toHaveLength(limit);
  });

  it.each([...JUDGED, 'cell.json'] as const)('is no link: %s', async (file) => {
    await using temp = await makeTempDir();
    await makeCell(temp.path);
    const path = join(temp.path, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(join(temp.path, 'outside'), JSON.stringify(RECORD));
    await rm(path, { force: true });
    await symlink(join(temp.path, 'outside'), path);
    expect(() => bundleIn(temp.path)).toThrow(FormatError);
    expect(() => bundleIn(temp.path)).toThrow(
      `Cannot read ${path}: expected a file, found a symbolic link; `,
    );
  });

  it.each(['system', 'load', 'jump', 'capture', 'dead'])(
    'is in no folder that is a link, a file or a pipe: %s',
    async (name) => {
      await using temp = await makeTempDir();
      await makeCell(temp.path);
      const path = join(temp.path, name);
      await symlink('.', path);
      expect(() => bundleIn(temp.path)).toThrow(
        `Cannot read ${path}: expected a folder, found a symbolic link; `,
      );
      await rm(path);
      execFileSync('mkfifo', [path]);
      expect(() => bundleIn(temp.path)).toThrow(`Cannot read ${path}: expected a folder, found `);
    },
  );

  it('is in memory with all others of a machine of 1 GiB in less than 160 MiB', () => {
    const bytes = JUDGED.map((file) => evidenceLimit(file, spec));
    expect(bytes.reduce((sum, one) => sum + one)).toBeLessThan(160 * 1024 * 1024);
  });
});

describe('a record', () => {
  const long = 'x'.repeat(200_000);
  it.each([
    ['spec.memoryMiB', { spec: { ...spec, memoryMiB: 2 ** 40 } }],
    ['spec.cpus', { spec: { ...spec, cpus: 1e9 } }],
    ['spec.kernel', { spec: { ...spec, kernel: long } }],
    ['spec.layout', { spec: { ...spec, layout: long } }],
    ['spec.append', { spec: { ...spec, append: long } }],
    ['id', { id: '../../etc' }],
    ['id', { id: '..' }],
    ['id', { id: `a${long}` }],
    ['startedAt', { startedAt: '\u001b[2J' }],
    ['panicLine', { panicLine: long }],
    ['known', { known: Array.from({ length: 2000 }, () => ({ invariant: '', reference: '' })) }],
    ['outcome.cause', { outcome: { kind: 'completed', cause: '\u001b[2J' } }],
    ['outcome.code', { outcome: { kind: 'infra', phase: null, code: 'x\n', message: '' } }],
    ['outcome.message', { outcome: { kind: 'infra', phase: null, code: 'E_X', message: long } }],
    [
      'outcome.lastLines',
      {
        outcome: {
          kind: 'machine-ended',
          phase: 'boot',
          cause: 'guest-reset',
          lastLines: Array.from({ length: 2000 }, () => ''),
        },
      },
    ],
  ])('has no %s like %j', async (field, change) => {
    await using temp = await makeTempDir();
    await writeFile(join(temp.path, 'cell.json'), JSON.stringify({ ...RECORD, ...change }));
    expect(() => bundleIn(temp.path)).toThrow(FormatError);
    expect(() => bundleIn(temp.path)).toThrow(`cell.json: ${field}: `);
  });
});
