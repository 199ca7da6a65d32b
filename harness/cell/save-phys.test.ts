// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { HostError } from '../errors.ts';
import { physAddr } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { makeTempDir } from '../process/temp-dir.ts';
import { readPhys, savePhys } from './save-phys.ts';

/** A QEMU of which so many bytes reach the disk. */
function machineThatSaves(bytes: number) {
  return {
    readPhys: () => Promise.resolve(new Uint8Array(bytes)),
    savePhys: (_range: unknown, path: string) => writeFile(path, Buffer.alloc(bytes)),
  };
}

it('takes memory that arrived', async () => {
  await using temp = await makeTempDir();
  const machine = machineThatSaves(8);
  expect(await readPhys(machine, physAddr(0), 8)).toHaveLength(8);
  await savePhys(machine, physRange(0, 8), join(temp.path, 'low'));
});

it.each([0, 7])('blames the host for memory of which %i bytes of 8 arrived', async (bytes) => {
  await using temp = await makeTempDir();
  const machine = machineThatSaves(bytes);
  const error = new HostError(
    `Cannot save guest memory: expected 8 bytes, found ${bytes}; is there no room on the disk?`,
  );
  await expect(readPhys(machine, physAddr(0), 8)).rejects.toThrow(error);
  const saving = savePhys(machine, physRange(0, 8), join(temp.path, 'low'));
  await expect(saving).rejects.toThrow(error);
});
