// SPDX-License-Identifier: MIT
import type { BiosWords } from '../memory/bios-data-area.ts';
import type { E820Entry } from '../memory/e820.ts';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { findParameter, findSize } from '../memory/kernel-cmdline.ts';
import { LOW_PAGES, PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import { type LowMemory, removeRam, reserve } from './low-memory.ts';

/** What a machine and its kernel were given, as far as it decides who owns low memory. */
export interface ModelInputs {
  readonly e820: readonly E820Entry[];
  /** As the firmware gave it; null on a machine without EFI. */
  readonly efiMap: readonly EfiDescriptor[] | null;
  readonly biosWords: BiosWords;
  readonly cmdline: string;
  /** Bytes from `real_mode_blob` to `real_mode_blob_end`; depends on the configuration. */
  readonly trampolineSize: number;
}

/** What one function of the kernel does to low memory. */
export type Step = (memory: LowMemory, inputs: ModelInputs) => LowMemory;

const KIB = 1024;

/** `trim_bios_range()` (arch/x86/kernel/setup.c): page 0 and 640 KiB to 1 MiB are no RAM. */
export const trimBiosRange: Step = (memory) => {
  const step = 'trim_bios_range';
  const why = 'page 0 belongs to the BIOS';
  const trimmed = removeRam(memory, physRange(0, PAGE_SIZE), { step, owner: 'page0', why });
  const isa = physRange(640 * KIB, SZ_1M);
  return removeRam(trimmed, isa, { step, owner: 'firmware', why: 'the ISA hole and the BIOS ROM' });
};

/** `early_reserve_memory()` (arch/x86/kernel/setup.c, from v5.13), as far as the first 64 KiB. */
export const earlyReserveMemory: Step = (memory) =>
  reserve(memory, physRange(0, 64 * KIB), {
    step: 'early_reserve_memory',
    owner: 'bios',
    why: 'BIOSes are known to write to the first 64 KiB',
  });

/** Bounds between which `reserve_bios_regions()` believes the BIOS, in bytes. */
const BIOS_START_MIN = 0x2_0000;
const BIOS_START_MAX = 0x9_f000;

/** `reserve_bios_regions()` (arch/x86/kernel/ebda.c): the BIOS's own memory, under EFI too. */
export const reserveBiosRegions: Step = (memory, { biosWords }) => {
  const told = biosWords.baseMemoryKiB * KIB;
  const base = told < BIOS_START_MIN || told > BIOS_START_MAX ? BIOS_START_MAX : told;
  const ebda = biosWords.ebdaSegment << 4;
  const start = ebda >= BIOS_START_MIN && ebda < base ? ebda : base;
  return reserve(memory, physRange(start, SZ_1M), {
    step: 'reserve_bios_regions',
    owner: 'bios',
    why: 'the extended BIOS data area',
  });
};

/**
 * The search of `reserve_real_mode()` (arch/x86/realmode/init.c): the highest run of free pages
 * that fits, the lowest with `movable_node`, which turns memblock round.
 */
export const reserveRealMode: Step = (memory, { cmdline, trampolineSize }) => {
  const bottomUp = findParameter(cmdline, 'movable_node') !== undefined;
  const trampoline = findRun(memory, Math.ceil(trampolineSize / PAGE_SIZE), bottomUp);
  if (!trampoline) return memory;
  const why = `the ${bottomUp ? 'lowest' : 'highest'} free pages that the trampoline fits in`;
  const reserved = reserve(memory, trampoline, {
    step: 'reserve_real_mode',
    owner: 'trampoline',
    why,
  });
  return { ...reserved, trampoline };
};

function findRun({ pages }: LowMemory, length: number, bottomUp: boolean): PhysRange | undefined {
  const starts = Array.from({ length: LOW_PAGES - length + 1 }, (_, start) => start);
  const fits = (start: number): boolean =>
    pages.slice(start, start + length).every(({ owner }) => owner === 'free');
  const start = bottomUp ? starts.find(fits) : starts.findLast(fits);
  return start === undefined
    ? undefined
    : physRange(start * PAGE_SIZE, (start + length) * PAGE_SIZE);
}

/**
 * `crash_reserve_low_1M()` (arch/x86/kernel/crash.c, Linux kernel commit 6f599d84231f, in v5.5;
 * gone in v5.14): for any value of `crashkernel=`; `reserve_real_mode()` does not come to it when
 * the trampoline has no place.
 */
export const crashReserveLow1M: Step = (memory, { cmdline }) => {
  const crashkernel = findParameter(cmdline, 'crashkernel')?.value ?? null;
  if (!memory.trampoline || crashkernel === null) return memory;
  return reserve(memory, physRange(0, SZ_1M), {
    step: 'crash_reserve_low_1M',
    owner: 'lock',
    why: 'crashkernel= is on the command line',
  });
};

/** The default of `CONFIG_X86_RESERVE_LOW`, in KiB. */
const RESERVE_LOW_KIB = 64;

/**
 * `trim_low_memory_range()` (arch/x86/kernel/setup.c, up to v5.12), after the trampoline: 64 KiB,
 * or what `reservelow=` asks for between 4 KiB and 640 KiB.
 */
export const trimLowMemoryRange: Step = (memory, { cmdline }) => {
  const value = findParameter(cmdline, 'reservelow')?.value ?? `${RESERVE_LOW_KIB}K`;
  const size = Math.min(Math.max(findSize(value)?.bytes ?? 0, PAGE_SIZE), 640 * KIB);
  return reserve(memory, physRange(0, size), {
    step: 'trim_low_memory_range',
    owner: 'bios',
    why: 'BIOSes are known to write to the first 64 KiB',
  });
};

/**
 * The end of `reserve_real_mode()` from v5.13 on (Linux kernel commit f1d4d47c5851, "x86/setup:
 * Always reserve the first 1M of RAM"): everything below 1 MiB, whether the trampoline found a
 * place or not.
 */
export const reserveFirst1M: Step = (memory) =>
  reserve(memory, physRange(0, SZ_1M), {
    step: 'reserve_real_mode',
    owner: 'reserved',
    why: 'the first 1 MiB is always reserved',
  });
