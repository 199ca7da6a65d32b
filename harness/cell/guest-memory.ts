// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEfiMapLocation } from '../memory/efi-memory-map.ts';
import { type PhysAddr, PAGE_SIZE, SZ_1M, hex, physAddr } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import type { CellMachine } from './cell-machine.ts';

/**
 * Reads from guest memory, with the system kernel running, what the kernel has no file for, into `system/`:
 * - `page0.bin`: physical page 0, with the words of the BIOS data area that `reserve_bios_regions()` reads;
 * - `real-mode.json`: the kernel variables `real_mode_header` and `page_offset_base`, whose difference is the
 *   address of the trampoline; not written on a kernel whose kallsyms or iomem do not tell where they are;
 * - `efi-memory-map.bin`: the map that the EFI stub left in memory; not written where there was no EFI.
 */
export async function saveGuestMemory({
  machine,
  folder,
}: {
  readonly machine: CellMachine;
  readonly folder: string;
}): Promise<void> {
  const system = join(folder, 'system');
  await writeFile(join(system, 'page0.bin'), await machine.readPhys(physAddr(0), PAGE_SIZE));
  const efiMap = readEfiMapLocation(await readFile(join(system, 'boot-params')));
  if (efiMap) {
    const bytes = await machine.readPhys(efiMap.address, efiMap.size);
    await writeFile(join(system, 'efi-memory-map.bin'), bytes);
  }
  const find = symbolFinder(
    await readFile(join(system, 'kallsyms'), 'utf8'),
    await readFile(join(system, 'iomem'), 'utf8'),
  );
  const realModeHeader = find('real_mode_header');
  const pageOffsetBase = find('page_offset_base');
  if (realModeHeader === undefined || pageOffsetBase === undefined) return;
  const values = {
    real_mode_header: hex(await readU64(machine, realModeHeader)),
    page_offset_base: hex(await readU64(machine, pageOffsetBase)),
  };
  await writeFile(join(system, 'real-mode.json'), `${JSON.stringify(values)}\n`);
}

/** Saves the low 1 MiB as the system kernel leaves it, into `jump/low1m.bin`. */
export async function saveLowMemory({
  machine,
  folder,
}: {
  readonly machine: CellMachine;
  readonly folder: string;
}): Promise<void> {
  const jump = join(folder, 'jump');
  await mkdir(jump, { recursive: true });
  await machine.savePhys(physRange(0, SZ_1M), join(jump, 'low1m.bin'));
}

/** Saves what is left of a machine that got stuck, into `jump/`: the registers of all CPUs and the low 1 MiB. */
export async function saveStuckMachine(machine: CellMachine, folder: string): Promise<void> {
  await saveLowMemory({ machine, folder });
  await writeFile(join(folder, 'jump', 'registers'), await machine.registers());
}

/** No kernel image is mapped over more than this, in bytes (KERNEL_IMAGE_SIZE). */
const KERNEL_IMAGE_SIZE = 1024n * 1024n * 1024n;

/**
 * Finds the physical address of a kernel symbol: the kernel image is one piece, virtual from `_text`
 * (`/proc/kallsyms`) and physical from the start of "Kernel code" (`/proc/iomem`, `setup_arch()`).
 */
function symbolFinder(kallsyms: string, iomem: string): (name: string) => PhysAddr | undefined {
  const addresses = new Map(
    [...kallsyms.matchAll(/^([0-9a-f]{16}) \S (\S+)$/gm)].map(([, address, name]) => [
      name,
      BigInt(`0x${address}`),
    ]),
  );
  const text = addresses.get('_text');
  const code = /^\s*([0-9a-f]{8,12})-[0-9a-f]+ : Kernel code$/m.exec(iomem)?.[1];
  return (name) => {
    const address = addresses.get(name);
    if (address === undefined || text === undefined || code === undefined) return undefined;
    const offset = address - text;
    if (offset < 0n || offset >= KERNEL_IMAGE_SIZE) return undefined;
    return physAddr(Number.parseInt(code, 16) + Number(offset));
  };
}

async function readU64(machine: CellMachine, address: PhysAddr): Promise<bigint> {
  return Buffer.from(await machine.readPhys(address, 8)).readBigUInt64LE();
}
