// SPDX-License-Identifier: MIT
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readEfiMapLocation } from '../memory/efi-memory-map.ts';
import { imagePhys } from '../memory/kernel-image.ts';
import {
  type PhysAddr,
  type VirtAddr,
  PAGE_SIZE,
  SZ_1M,
  hex,
  physAddr,
  virtAddr,
} from '../memory/pfn.ts';
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
  const symbols = addressesIn(await readFile(join(system, 'kallsyms'), 'latin1'));
  const iomem = await readFile(join(system, 'iomem'), 'latin1');
  const realModeHeader = imagePhys(symbols, iomem, 'real_mode_header');
  const pageOffsetBase = imagePhys(symbols, iomem, 'page_offset_base');
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

/**
 * Saves what a machine that is held at the kexec jump does next: the registers of all CPUs, into `jump/registers`, and
 * where the stack of the CPU that jumps is in physical memory, into `jump/stack`; not where its page tables do not tell.
 */
export async function saveStack(
  { machine, folder }: { readonly machine: CellMachine; readonly folder: string },
  cpu: number,
): Promise<void> {
  const registers = await machine.registers();
  await writeFile(join(folder, 'jump', 'registers'), registers);
  const ofCpu = registers.split(/^CPU#\d+$/m)[cpu + 1] ?? '';
  const rsp = /\bRSP=([0-9a-f]{16})\b/.exec(ofCpu)?.[1];
  const stack = rsp && (await machine.physOf(virtAddr(BigInt(`0x${rsp}`)), cpu));
  if (stack) await writeFile(join(folder, 'jump', 'stack'), `${hex(stack)}\n`);
}

/**
 * Saves where the copy of VMCOREINFO lies in crashkernel memory, which `crash_save_vmcoreinfo()` writes to before the
 * jump, into `jump/vmcoreinfo-copy`; not where the kernel does not tell.
 */
export async function saveVmcoreinfoCopy(
  { machine, folder }: { readonly machine: CellMachine; readonly folder: string },
  cpu: number,
): Promise<void> {
  const variable = await findSymbol(folder, 'vmcoreinfo_data_safecopy');
  const place = variable && (await machine.physOf(variable, cpu));
  if (place === undefined) return;
  const copy = await machine.physOf(virtAddr(await readU64(machine, place)), cpu);
  if (copy) await writeFile(join(folder, 'jump', 'vmcoreinfo-copy'), `${hex(copy)}\n`);
}

/** The address of one of the needed symbols, as the system kernel says; undefined if it does not. */
export async function findSymbol(folder: string, name: string): Promise<VirtAddr | undefined> {
  const kallsyms = await readFile(join(folder, 'system', 'kallsyms'), 'latin1');
  const address = addressesIn(kallsyms).get(name);
  return address === undefined ? undefined : virtAddr(address);
}

function addressesIn(kallsyms: string): ReadonlyMap<string, bigint> {
  const lines = kallsyms.matchAll(/^([0-9a-f]{16}) \S (\S+)$/gm);
  return new Map([...lines].map(([, address, name = '']) => [name, BigInt(`0x${address}`)]));
}

async function readU64(machine: CellMachine, address: PhysAddr): Promise<bigint> {
  return Buffer.from(await machine.readPhys(address, 8)).readBigUInt64LE();
}
