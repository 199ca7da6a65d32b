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
  await saveGuestMemory({ machine, folder: temp.path, spec: { memoryMiB: 256 } });
  expect((await readdir(system)).toSorted()).toEqual(['iomem', 'page0.bin']);
  expect(await findSymbol(temp.path, 'machine_kexec')).toBeUndefined();
});

/** Leaves in `system/` what a kernel with 256 MiB says of a variable at an address. */
async function leaveVariable(folder: string, at: number): Promise<void> {
  const system = join(folder, 'system');
  await mkdir(system);
  const last = Math.min(at + 0xfff, 2 ** 52 - 1).toString(16);
  await writeFile(join(system, 'iomem'), `${at.toString(16)}-${last} : Kernel code\n`);
  const symbols = 'ffffffff81000000 T _text\nffffffff81000000 B real_mode_header\n';
  await writeFile(join(system, 'kallsyms'), symbols);
}

it.each([
  ['beyond the RAM', 0x1000_0000],
  ['across the end of the RAM', 0xfff_fffc],
  ['across the end of 52 bits', 2 ** 52 - 4],
])('reads nothing that a kernel says is %s', async (_, at) => {
  await using temp = await makeTempDir();
  await leaveVariable(temp.path, at);
  const params = bootParams({ address: 0xfff_f000, size: 0x2000 });
  await writeFile(join(temp.path, 'system/boot-params'), params);
  const asked: number[] = [];
  const readPhys = async (start: number, bytes: number): Promise<Uint8Array> => {
    asked.push(start);
    return new Uint8Array(bytes);
  };
  const machine = { readPhys } as Partial<CellMachine> as CellMachine;
  await saveGuestMemory({ machine, folder: temp.path, spec: { memoryMiB: 256 } });
  expect(asked).toEqual([0]);
});

/** `struct boot_params` with where the EFI stub claims that it left the EFI memory map. */
function bootParams({ address, size }: { address: number; size: number }): Uint8Array {
  const bytes = Buffer.alloc(4096);
  bytes.write('EL64', 0x1c0, 'latin1');
  bytes.writeUInt32LE(48, 0x1c8);
  bytes.writeUInt32LE(address, 0x1d0);
  bytes.writeUInt32LE(size - (size % 48), 0x1d4);
  return bytes;
}

it('reads a kernel variable that is in the last bytes of RAM', async () => {
  await using temp = await makeTempDir();
  await leaveVariable(temp.path, 0xfff_fff8);
  const readPhys = async (_: number, bytes: number): Promise<Uint8Array> => new Uint8Array(bytes);
  const machine = { readPhys } as Partial<CellMachine> as CellMachine;
  await saveGuestMemory({ machine, folder: temp.path, spec: { memoryMiB: 256 } });
  expect(await readdir(join(temp.path, 'system'))).toContain('real-mode.json');
});
