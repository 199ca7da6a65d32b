// SPDX-License-Identifier: MIT
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempDir } from '../process/temp-dir.ts';
import type { CellMachine } from './cell-machine.ts';
import { findSymbol, saveGuestMemory } from './guest-memory.ts';

it('saves what it can of a kernel that has no files to tell where the rest is', async () => {
  await using temp = await makeTempDir();
  const system = join(temp.path, 'system');
  await mkdir(system);
  await writeFile(join(system, 'iomem'), '00001000-0009ffff : System RAM\n');
  const readPhys = async (_: number, bytes: number): Promise<Uint8Array> => new Uint8Array(bytes);
  const machine = { readPhys } as Partial<CellMachine> as CellMachine;
  await saveGuestMemory({ machine, folder: temp.path });
  expect((await readdir(system)).toSorted()).toEqual(['iomem', 'page0.bin']);
  expect(await findSymbol(temp.path, 'machine_kexec')).toBeUndefined();
});
