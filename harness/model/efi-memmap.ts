// SPDX-License-Identifier: MIT
/**
 * Steps around `efi.memmap` (arch/x86/platform/efi/memmap.c, quirks.c: `efi_arch_mem_reserve()`):
 * tables of the firmware's that are kept for ever, and the copies of the map that this takes.
 */
import {
  EFI_MEMORY_MORE_RELIABLE,
  EFI_MEMORY_RUNTIME,
  EFI_BOOT_SERVICES_DATA,
  isBootServices,
} from '../memory/efi-memory-map.ts';
import { findParameter, parseCmdline } from '../memory/kernel-cmdline.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, covers, physRange, renderRange } from '../memory/phys-range.ts';
import { hasAnyOf } from '../memory/range-set.ts';
import { type BootServices, type LowMemory, say, unreserve } from './low-memory.ts';
import {
  findFreeRange,
  markMirror,
  markReservedKern,
  memblockFree,
  pa,
  reserve,
  reserveKern,
} from './memblock.ts';
import { keepsEfiMap } from './model-inputs.ts';
import type { Step, StepInputs } from './step.ts';

/** Bytes of a descriptor in Linux's copy. */
const DESCRIPTOR_SIZE = 48;
/** `SMP_CACHE_BYTES`. */
const COPY_ALIGN = 64;

/** `efi_init()`: the kernel keeps the map, unless it is told to do without runtime services. */
export const efiInit: Step = (memory, inputs) => {
  if (!inputs.efiMap || !keepsEfiMap(inputs)) return memory;
  // `efi_clean_memmap()` drops empty entries.
  const entries = inputs.efiMap.filter(({ range }) => range.end > range.start);
  const bootServices = entries.flatMap((entry, index): BootServices[] => {
    const { type, attribute, range } = entry;
    const tagged = (attribute & EFI_MEMORY_RUNTIME) !== 0n;
    const untagged = attribute & ~EFI_MEMORY_RUNTIME;
    return isBootServices(entry) ? [{ type, attribute: untagged, range, tagged, index }] : [];
  });
  return { ...memory, bootServices, memmapEntries: entries.length };
};

/** `efi_find_mirror()`. */
export const efiFindMirror: Step = (memory, inputs) => {
  const { efiMap, cmdline, kernel } = inputs;
  const isAsked = findParameter(cmdline, 'kernelcore')?.value === 'mirror';
  if (!efiMap || !keepsEfiMap(inputs) || (kernel.mirrorsOnRequest && !isAsked)) return memory;
  const reliable = efiMap.filter(({ attribute }) => (attribute & EFI_MEMORY_MORE_RELIABLE) !== 0n);
  return reliable.reduce((state, { range }) => markMirror(state, range), memory);
};

/** `efi_esrt_init()`. */
export const efiEsrtInit: Step = (memory, inputs) => {
  const { esrt } = inputs.keptTables;
  if (!esrt || !keepsEfiMap(inputs)) return memory;
  const kept = efiMemReserve(memory, esrt, inputs);
  return say(kept, `esrt: Reserving ESRT space from ${pa(esrt.start)} to ${pa(esrt.end)}.`);
};

/** `efi_mokvar_table_init()`. */
export const efiMokvarTableInit: Step = (memory, inputs) => {
  const { mokvar } = inputs.keptTables;
  return mokvar ? efiMemReserve(memory, mokvar, inputs) : memory;
};

/**
 * `efi_bgrt_init()`, when ACPI comes up (`acpi_boot_init()`): allocations are no longer limited to 1 MiB. Without ACPI, or
 * with `bgrt_disable`, nobody looks for the logo.
 */
export const efiBgrtInit: Step = (memory, inputs) => {
  const { bgrt } = inputs.keptTables;
  const isSought =
    !isAcpiOff(inputs) && findParameter(inputs.cmdline, 'bgrt_disable') === undefined;
  return bgrt && isSought ? efiMemReserve(memory, bgrt, inputs) : memory;
};

/** `parse_acpi()`. */
function isAcpiOff({ cmdline }: StepInputs): boolean {
  const values = parseCmdline(cmdline).flatMap(({ name, value }) => (name === 'acpi' ? value : []));
  return values.findLast((value) => value === 'off' || value === 'force') === 'off';
}

/**
 * `efi_mem_reserve()`: keeps a table, though nothing of it is reserved if any byte is already; if it lies in boot
 * services data the map is split and copied, but not by "efi/x86: Avoid the need to mangle the EFI memory map" (posted
 * 2026-03-06). Without a map no table is looked for.
 */
function efiMemReserve(memory: LowMemory, table: PhysRange, inputs: StepInputs): LowMemory {
  if (!keepsEfiMap(inputs)) return memory;
  const event = {
    step: 'efi_mem_reserve',
    owner: 'kernel',
    why: "a table of the firmware's",
  } as const;
  const { marksTables } = inputs.kernel;
  const keep = marksTables ? reserveKern : reserve;
  const mark = marksTables ? markReservedKern : unmarked;
  const isFree = !hasAnyOf(memory.reserved, table);
  const kept = isFree ? keep(memory, table, event) : mark(memory, table);
  if (!inputs.kernel.copiesMemmap) return kept;
  const holder = memory.bootServices.find(({ range }) => covers([range], table));
  if (holder?.type !== EFI_BOOT_SERVICES_DATA) return kept;
  const parts = split(holder, table);
  const entries = memory.memmapEntries + parts.length - 1;
  const size = entries * DESCRIPTOR_SIZE;
  const copy = findFreeRange(kept, { size, align: COPY_ALIGN });
  if (copy === undefined) return say(kept, 'efi: Could not allocate boot services memmap');
  const bootServices = memory.bootServices.flatMap((entry) => (entry === holder ? parts : [entry]));
  const changed = { ...kept, bootServices, memmapEntries: entries };
  return installCopy(changed, copy.end > SZ_1M ? null : copy, inputs);
}

const unmarked = (memory: LowMemory): LowMemory => memory;

/** `efi_memmap_install()`: the copy before it is freed. */
function installCopy(memory: LowMemory, copy: PhysRange | null, { kernel }: StepInputs): LowMemory {
  const taken = copy
    ? reserveKern(memory, copy, {
        step: 'efi_memmap_alloc',
        owner: 'kernel',
        why: `a copy of the EFI memory map, at ${renderRange(copy)}`,
      })
    : memory;
  const old = kernel.freesMemmapCopy ? memory.memmapCopy : null;
  const why = 'the EFI memory map was copied anew';
  const tidy = old ? memblockFree(taken, old, { step: 'efi_memmap_install', why }) : taken;
  return { ...tidy, memmapCopy: copy };
}

/**
 * `efi_memmap_init_late()`, in `__efi_enter_virtual_mode()`: some kernels take it for a new map and free the copy, which
 * is no longer used, to the page allocator, also from the first 1 MiB that is "always reserved".
 */
export const efiMemmapInitLate: Step = (memory, { kernel }) => {
  const copy = memory.memmapCopy;
  if (!copy || !kernel.freesMemmapCopy || kernel.keepsLateMemmap || memory.keepsLow) return memory;
  const why = 'it is mapped anew, and taken for the map before';
  const freed = unreserve(memory, copy, { step: 'efi_memmap_init_late', why });
  return { ...freed, memmapCopy: null };
};

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
