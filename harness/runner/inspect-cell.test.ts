// SPDX-License-Identifier: MIT
import { mkdir, readlink, truncate, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { DeadKernelFile } from '../bundle/dead-kernel.ts';
import { buildBundle } from '../check/testing/bundle-builder.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { findTarget } from './inspect-cell.ts';

const DEAD: DeadKernelFile = {
  schema: 1,
  phase: 'boot',
  how: 'overrun',
  seconds: 1,
  kernel: { value: null, why: 'No kernel' },
};

async function cell(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

const RECORD = JSON.stringify(buildBundle().cell);

const { signal } = new AbortController();

const WITH_DEAD = {
  'cell.json': RECORD,
  'dead/kernel.json': JSON.stringify(DEAD),
  'dead/dmesg': 'one',
};

it.each([
  { files: { 'cell.json': RECORD, vmcore: '' }, dump: 'vmcore' },
  { files: { 'cell.json': RECORD, 'vmcore.zst': '' }, dump: 'vmcore.zst' },
  { files: { ...WITH_DEAD, 'dead/memory.zst': '' }, needsMemory: true, dump: 'dead/memory.zst' },
])('takes the $dump of a cell', async ({ files, needsMemory = false, dump }) => {
  await using temp = await makeTempDir();
  await cell(temp.path, files);
  const target = await findTarget(temp.path, needsMemory, signal);
  if (target.kind !== 'dump') throw new Error('expected a dump');
  await using vmcore = target.vmcore;
  expect(await readlink(vmcore.path)).toBe(join(temp.path, dump));
});

it('takes what was kept of a dead kernel before the vmcore', async () => {
  await using temp = await makeTempDir();
  await cell(temp.path, { ...WITH_DEAD, vmcore: '' });
  const evidence = { record: DEAD, dmesg: 'one' };
  expect(await findTarget(temp.path, false, signal)).toEqual({ kind: 'dead', evidence });
});

it.each([
  { files: {}, why: "expected a dump or a cell's folder, found a folder without cell.json" },
  {
    files: { 'cell.json': RECORD },
    why: 'expected a vmcore or what was kept of a dead kernel, found a folder with neither',
  },
  { files: { 'cell.json': RECORD, 'dead/kernel.json': '{}' }, why: 'schema: ' },
  { files: { 'cell.json': RECORD, 'dead/kernel.json': '{' }, why: 'not JSON: ' },
])('refuses a folder that has nothing: $why', async ({ files, why }) => {
  await using temp = await makeTempDir();
  await cell(temp.path, files);
  await expect(findTarget(temp.path, false, signal)).rejects.toThrow(why);
});

it('does not read a log without end', async () => {
  await using temp = await makeTempDir();
  await cell(temp.path, WITH_DEAD);
  await truncate(join(temp.path, 'dead/dmesg'), 2 ** 40);
  await expect(findTarget(temp.path, false, signal)).rejects.toThrow(
    'expected at most 16777216 bytes',
  );
});

it('can be interrupted while a record is read that takes long', async () => {
  await using temp = await makeTempDir();
  await cell(temp.path, { ...WITH_DEAD, 'dead/kernel.json': '['.repeat(2 ** 24) });
  const interrupt = new AbortController();
  const reading = findTarget(temp.path, false, interrupt.signal);
  setImmediate(() => {
    interrupt.abort();
  });
  await expect(reading).rejects.toThrow('Interrupted in readDead');
});
