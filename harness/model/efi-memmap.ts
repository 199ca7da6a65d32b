// SPDX-License-Identifier: MIT
/**
 * Steps around `efi.memmap` (arch/x86/platform/efi/memmap.c, quirks.c: `efi_arch_mem_reserve()`):
 * tables of the firmware's that are kept for ever, and the copies of the map that this takes.
 */
import { EFI_BOOT_SERVICES_CODE, EFI_BOOT_SERVICES_DATA } from '../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, covers, physRange, renderRange } from '../memory/phys-range.ts';
import { hasAnyOf } from '../memory/range-set.ts';
import { type BootServices, type LowMemory, reserve, say, memblockFree } from './low-memory.ts';
import { findFreeRange } from './memblock.ts';
import { type ModelInputs, keepsEfiMap } from './model-inputs.ts';
import type { Step } from './step.ts';

/** `EFI_MEMORY_RUNTIME` (UEFI specification 2.10, section 7.2). */
const EFI_MEMORY_RUNTIME = 1n << 63n;

/** Bytes of a descriptor in Linux's copy. */
const DESCRIPTOR_SIZE = 48;
/** `SMP_CACHE_BYTES`. */
const COPY_ALIGN = 64;

function isBootServicesType(type: number): boolean {
  return type === EFI_BOOT_SERVICES_CODE || type === EFI_BOOT_SERVICES_DATA;
}

/** `efi_init()`: the kernel keeps the map, unless it is told to do without runtime services. */
export const efiInit: Step = (memory, inputs) => {
  if (!inputs.efiMap || !keepsEfiMap(inputs)) return memory;
  // `efi_clean_memmap()` drops empty entries.
  const entries = inputs.efiMap.filter(({ range }) => range.end > range.start);
  const bootServices = entries
    .filter(({ type }) => isBootServicesType(type))
    .map(({ type, attribute, range }) => ({
      type,
      attribute: attribute & ~EFI_MEMORY_RUNTIME,
      range,
      tagged: false,
    }));
  return { ...memory, bootServices, memmapEntries: entries.length };
};

/** `efi_esrt_init()`. */
export const efiEsrtInit: Step = (memory, inputs) => {
  const { esrt } = inputs.keptTables;
  if (!esrt || !keepsEfiMap(inputs)) return memory;
  const kept = efiMemReserve(memory, { table: esrt, inputs, limit: SZ_1M });
  const [from, to] = [esrt.start, esrt.end].map((at) => `0x${at.toString(16).padStart(16, '0')}`);
  return say(kept, `esrt: Reserving ESRT space from ${from} to ${to}.`);
};

/** `efi_mokvar_table_init()`. */
export const efiMokvarTableInit: Step = (memory, inputs) => {
  const { mokvar } = inputs.keptTables;
  return mokvar ? efiMemReserve(memory, { table: mokvar, inputs, limit: SZ_1M }) : memory;
};

/** `efi_bgrt_init()`, when ACPI comes up: allocations are no longer limited to 1 MiB. */
export const efiBgrtInit: Step = (memory, inputs) => {
  const { bgrt } = inputs.keptTables;
  return bgrt ? efiMemReserve(memory, { table: bgrt, inputs, limit: Infinity }) : memory;
};

/**
 * The same on a kernel that does not give back what lies below 1 MiB: the two-phase policy keeps
 * the copy, so that no page of it is free behind the claimants' backs.
 */
export const efiBgrtInitKeepingCopy: Step = (memory, inputs) => {
  const after = efiBgrtInit({ ...memory, memmapCopy: null }, inputs);
  return { ...after, memmapCopy: memory.memmapCopy };
};

interface KeepTable {
  readonly table: PhysRange;
  readonly inputs: ModelInputs;
  /** The limit of memblock at that time, in bytes. */
  readonly limit: number;
}

/**
 * `efi_mem_reserve()`: keeps a table, though nothing of it is reserved if any byte is already; if it lies in boot
 * services data the map is split and copied. Without a map no table is looked for.
 */
function efiMemReserve(memory: LowMemory, { table, inputs, limit }: KeepTable): LowMemory {
  if (!keepsEfiMap(inputs)) return memory;
  const step = 'efi_mem_reserve';
  const event = { step, owner: 'kernel', why: "a table of the firmware's" } as const;
  const kept = hasAnyOf(memory.reserved, table) ? memory : reserve(memory, table, event);
  const holder = memory.bootServices.find(({ range }) => covers([range], table));
  if (holder?.type !== EFI_BOOT_SERVICES_DATA) return kept;
  const parts = split(holder, table);
  const entries = memory.memmapEntries + parts.length - 1;
  const size = entries * DESCRIPTOR_SIZE;
  const copy = limit <= SZ_1M ? findFreeRange(kept, { size, align: COPY_ALIGN }) : null;
  if (copy === undefined) return say(kept, 'efi: Could not allocate boot services memmap');
  const bootServices = memory.bootServices.flatMap((entry) => (entry === holder ? parts : [entry]));
  const installed = installCopy({ ...kept, bootServices, memmapEntries: entries }, copy);
  return installed;
}

/** `efi_memmap_install()`: the copy before it is freed. */
function installCopy(memory: LowMemory, copy: PhysRange | null): LowMemory {
  const taken = copy
    ? reserve(memory, copy, {
        step: 'efi_memmap_alloc',
        owner: 'kernel',
        why: `a copy of the EFI memory map, at ${renderRange(copy)}`,
      })
    : memory;
  const old = memory.memmapCopy;
  const why = 'the EFI memory map was copied anew';
  const tidy = old ? memblockFree(taken, old, { step: 'efi_memmap_install', why }) : taken;
  return { ...tidy, memmapCopy: copy };
}

/** `efi_memmap_insert()`: the table's pages become an entry of their own, tagged. */
function split(holder: BootServices, table: PhysRange): BootServices[] {
  const start = Math.floor(table.start / PAGE_SIZE) * PAGE_SIZE;
  const end = Math.ceil(table.end / PAGE_SIZE) * PAGE_SIZE;
  return [
    { ...holder, range: physRange(holder.range.start, start) },
    { ...holder, range: physRange(start, end), tagged: true },
    { ...holder, range: physRange(end, holder.range.end) },
  ].filter(({ range }) => range.end > range.start);
}
