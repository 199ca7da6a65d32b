// SPDX-License-Identifier: MIT
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../errors.ts';
import { makeTempDir } from '../../process/temp-dir.ts';
import { readQuestion } from './bisect-question.ts';

const { signal } = new AbortController();

/** A cell of 5.10 whose locked memory is freed. */
const FAILED = join(import.meta.dirname, '../../testdata/5.10-256m-2-cpus');

// A bundle is judged from its files, in a thread too.
describe('readQuestion', { timeout: 30_000 }, () => {
  it('asks in the cheapest cell that shows the invariant', async () => {
    const { spec, reason } = await readQuestion({ invariant: 'lowmem.locked' }, signal);
    expect(spec).toMatchObject({ trigger: 'none', crashkernel: '256M', policy: 'auto' });
    expect(reason).toBeNull();
    const { spec: dump } = await readQuestion({ invariant: 'kdump.vmcore-ranges' }, signal);
    expect(dump).toMatchObject({ trigger: 'sysrq', crashkernel: '256M' });
  });

  it('holds every kernel to the policy that releases memory, where that is the question', async () => {
    const { spec } = await readQuestion({ invariant: 'lowmem.released' }, signal);
    expect(spec).toMatchObject({ crashkernel: null, policy: 'two-phase' });
  });

  it('puts the axes that the user named first', async () => {
    const options = {
      invariant: 'lowmem.locked',
      axes: { crashkernel: ['192M'], trigger: ['sysrq' as const] },
    };
    const { spec } = await readQuestion(options, signal);
    expect(spec).toMatchObject({ crashkernel: '192M', trigger: 'sysrq' });
  });

  it('takes cell, invariant and pages from a cell that failed', async () => {
    await using temp = await makeTempDir();
    const cell = join(temp.path, 'cell');
    await cp(FAILED, cell, { recursive: true });
    const { invariant, spec, reason } = await readQuestion({ from: cell }, signal);
    expect(invariant).toBe('lowmem.locked');
    expect(spec).toMatchObject({ cpus: 2, crashkernel: '256M', layout: 'stock' });
    expect(reason).toEqual({ pages: ['0x87'], steps: ['efi_free_boot_services'], end: null });
    const kept = readQuestion({ from: cell, invariant: 'boot.userspace' }, signal);
    await expect(kept).rejects.toThrow(
      'expected boot.userspace broken there, found broken: lowmem.locked',
    );
  });

  it.each([
    ['layout', '/tmp/of-a-stranger.json'],
    ['ovmf', '/tmp/OVMF_CODE.fd'],
  ] as const)('reads no %s by a path that only the record has', async (axis, path) => {
    await using temp = await makeTempDir();
    const cell = join(temp.path, 'cell');
    await cp(FAILED, cell, { recursive: true });
    const record = JSON.parse(await readFile(join(cell, 'cell.json'), 'utf8')) as {
      readonly spec: object;
    };
    const doctored = { ...record, spec: { ...record.spec, [axis]: path } };
    await writeFile(join(cell, 'cell.json'), JSON.stringify(doctored));
    const asked = readQuestion({ from: cell }, signal);
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow(
      `expected a ${axis} that has a name, found the path ${path}; if it is yours, give it with --${axis}`,
    );
  });

  it('reads a firmware by a path that the user gives', async () => {
    await using temp = await makeTempDir();
    const cell = join(temp.path, 'cell');
    await cp(FAILED, cell, { recursive: true });
    const { spec } = await readQuestion({ from: cell, axes: { ovmf: ['/my/CODE.fd'] } }, signal);
    expect(spec.ovmf).toBe('/my/CODE.fd');
  });

  it.each([
    [{}, '--invariant <id> or --from'],
    [
      { invariant: 'lowmem.lock' },
      'the nearest is lowmem.locked; invariants are boot.userspace, boot.sound',
    ],
    [{ invariant: 'lowmem.locked', axes: { cpus: [1, 2] } }, 'give each option one value'],
    [{ invariant: 'lowmem.locked', axes: { layout: ['corpus'] } }, 'give each option one value'],
    [{ from: '/no/such/cell' }, 'expected the folder of a cell, results/<run>/<cell>'],
  ])('refuses %j', async (options, message) => {
    await expect(readQuestion(options, signal)).rejects.toThrow(UsageError);
    await expect(readQuestion(options, signal)).rejects.toThrow(message);
  });
});
