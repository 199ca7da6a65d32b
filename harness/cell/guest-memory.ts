// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { CellSpec } from '../bundle/cell-record.ts';
import { type EvidenceFile, evidencePath } from '../bundle/evidence.ts';
import { readEfiMapLocation } from '../memory/efi-memory-map.ts';
import { parseIomem } from '../memory/iomem.ts';
import { type KernelSymbols, parseKallsyms } from '../memory/kallsyms.ts';
import { imagePhys } from '../memory/image-phys.ts';
import type { KernelSymbol } from '../memory/kernel-symbols.ts';
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
import { ramLayout } from '../memory/ram-layout.ts';
import { seeing } from '../seen.ts';
import type { CellMachine } from './cell-machine.ts';
import { evidencePlace, writeEvidence } from './write-evidence.ts';

/** A machine, and the bundle that its evidence goes to. */
interface Observed {
  readonly machine: CellMachine;
  readonly folder: string;
  readonly spec: Pick<CellSpec, 'memoryMiB'>;
}

/**
 * Reads from guest memory, with the system kernel running, what the kernel has no file for, into `system/`:
 * - `page0.bin`: physical page 0, with the words of the BIOS data area that `reserve_bios_regions()` reads;
 * - `real-mode.json`: the kernel variables `real_mode_header` and `page_offset_base`, whose difference is the
 *   address of the trampoline; not written if kallsyms or iomem do not say where they are;
 * - `efi-memory-map.bin`: the map that the EFI stub left in memory; not written where there was no EFI.
 */
export async function saveGuestMemory(observed: Observed): Promise<void> {
  const { machine, folder } = observed;
  const page0 = await machine.readPhys(physAddr(0), PAGE_SIZE);
  await writeEvidence(folder, 'system/page0.bin', page0);
  const bootParams = await readIfLeft(folder, 'system/boot-params');
  const efiMap = bootParams && seeing(() => readEfiMapLocation(bootParams)).value;
  const bytes = efiMap && (await readRam(observed, efiMap.address, efiMap.size));
  if (bytes) await writeEvidence(folder, 'system/efi-memory-map.bin', bytes);
  const symbols = await readSymbols(folder);
  const text = await readFile(evidencePath(folder, 'system/iomem'), 'latin1');
  const iomem = seeing(() => parseIomem(text)).value ?? [];
  const valueOf = (name: KernelSymbol): Promise<bigint | undefined> =>
    readU64(observed, imagePhys(symbols, iomem, name));
  const realModeHeader = await valueOf('real_mode_header');
  if (realModeHeader === undefined) return;
  // The map of all memory has a constant base in kernels without this variable.
  const pageOffsetBase = await valueOf('page_offset_base');
  const values = {
    real_mode_header: hex(realModeHeader),
    ...(pageOffsetBase !== undefined && { page_offset_base: hex(pageOffsetBase) }),
  };
  await writeEvidence(folder, 'system/real-mode.json', `${JSON.stringify(values)}\n`);
}

/** Saves the low 1 MiB as the system kernel leaves it, into `jump/low1m.bin`. */
export async function saveLowMemory({ machine, folder }: Omit<Observed, 'spec'>): Promise<void> {
  await machine.savePhys(physRange(0, SZ_1M), await evidencePlace(folder, 'jump/low1m.bin'));
}

/** `KASAN_SHADOW_OFFSET` of x86-64: the shadow of 8 bytes is the byte at address / 8 from here (include/linux/kasan.h). */
const KASAN_SHADOW_OFFSET = 0xdffffc0000000000n;

/**
 * Saves what a machine that is held at the kexec jump does next: the registers of all CPUs, into `jump/registers`, and
 * where the stack of the CPU that jumps is in physical memory, and its shadow if the kernel has CONFIG_KASAN, into
 * `jump/stack`; not if its page tables do not say.
 */
export async function saveStack(
  { machine, folder }: Omit<Observed, 'spec'>,
  cpu: number,
): Promise<void> {
  const registers = await machine.registers();
  await writeEvidence(folder, 'jump/registers', registers);
  const ofCpu = registers.split(/^CPU#\d+$/m)[cpu + 1] ?? '';
  const rsp = /\bRSP=([0-9a-f]{16})\b/.exec(ofCpu)?.[1];
  if (!rsp) return;
  const stack = virtAddr(BigInt(`0x${rsp}`));
  const place = await machine.physOf(stack, cpu);
  if (!place) return;
  const hasShadow = (await findSymbol(folder, '__asan_loadN')) !== undefined;
  const shadow = hasShadow && (await machine.physOf(shadowOf(stack), cpu));
  await writeEvidence(
    folder,
    'jump/stack',
    `${hex(place)}\n${shadow ? `shadow ${hex(shadow)}\n` : ''}`,
  );
}

function shadowOf(address: VirtAddr): VirtAddr {
  return virtAddr(BigInt.asUintN(64, (address >> 3n) + KASAN_SHADOW_OFFSET));
}

/**
 * Saves where the copy of VMCOREINFO lies in crashkernel memory, which `crash_save_vmcoreinfo()` writes to before the
 * jump, into `jump/vmcoreinfo-copy`; not if the kernel does not say.
 */
export async function saveVmcoreinfoCopy(observed: Observed, cpu: number): Promise<void> {
  const { machine, folder } = observed;
  const variable = await findSymbol(folder, 'vmcoreinfo_data_safecopy');
  const place = variable && (await machine.physOf(variable, cpu));
  const pointer = place && (await readU64(observed, place));
  if (pointer === undefined) return;
  const copy = await machine.physOf(virtAddr(pointer), cpu);
  if (copy) await writeEvidence(folder, 'jump/vmcoreinfo-copy', `${hex(copy)}\n`);
}

/** The address of a symbol in the system kernel; undefined if it does not say. */
export async function findSymbol(
  folder: string,
  name: KernelSymbol,
): Promise<VirtAddr | undefined> {
  return (await readSymbols(folder)).get(name);
}

/** None of a kernel that hides them, or has none to show. */
async function readSymbols(folder: string): Promise<KernelSymbols> {
  const text = await readIfLeft(folder, 'system/kallsyms');
  return seeing(() => parseKallsyms(text?.toString('latin1') ?? '')).value ?? new Map();
}

/** A file of the bundle; undefined if the kernel has none such to show. */
async function readIfLeft(folder: string, file: EvidenceFile): Promise<Buffer | undefined> {
  const path = evidencePath(folder, file);
  return existsSync(path) ? readFile(path) : undefined;
}

/** What RAM holds where a guest says; undefined if the machine has no RAM there. */
async function readRam(
  { machine, spec }: Observed,
  address: PhysAddr,
  bytes: number,
): Promise<Uint8Array | undefined> {
  const isRam = ramLayout(spec.memoryMiB).some(
    ({ range }) => range.start <= address && address + bytes <= range.end,
  );
  return isRam ? machine.readPhys(address, bytes) : undefined;
}

/** The same of a pointer; undefined too if the guest does not say where it is. */
async function readU64(
  observed: Observed,
  address: PhysAddr | undefined,
): Promise<bigint | undefined> {
  const bytes = address === undefined ? undefined : await readRam(observed, address, 8);
  return bytes && Buffer.from(bytes).readBigUInt64LE();
}
