// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { readBundle } from './bundle.ts';
import { STANDARD_CELL } from './cell-record.ts';

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
    const { cell, files } = await readBundle(temp.path);
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
    await expect(readBundle(temp.path)).rejects.toThrow(FormatError);
    await expect(readBundle(temp.path)).rejects.toThrow(wanted);
  });

  it('needs a cell.json', async () => {
    await using temp = await makeTempDir();
    await expect(readBundle(temp.path)).rejects.toMatchObject({ code: 'E_USAGE' });
  });
});
