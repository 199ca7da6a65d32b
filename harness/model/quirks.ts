// SPDX-License-Identifier: MIT
/** Steps of arch/x86/platform/efi/quirks.c: boot services are kept for a while, then freed. */
import { lowPages } from '../memory/page-map.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, clippedRange, physRange, rangeSize } from '../memory/phys-range.ts';
import { hasAnyOf } from '../memory/range-set.ts';
import {
  type BootServices,
  type LowMemory,
  type PageEvent,
  transfer,
  unreserve,
} from './low-memory.ts';
import { reserve } from './memblock.ts';
import { type ModelInputs, asksForCrashkernel, hasEfiOption } from './model-inputs.ts';
import { stop, trampolineBytes } from './realmode.ts';
import type { Step, StepInputs } from './step.ts';

/**
 * `efi_reserve_boot_services()`: boot services are kept until the firmware has been told its
 * virtual addresses. A range with any reserved byte in it is only tagged: nothing more of it is
 * reserved, and nothing is freed later. One that `can_free_region()` does not like, because it is
 * not all RAM, is reserved and tagged.
 */
export const efiReserveBootServices: Step = (memory) => reserveBootServices(memory, false);

/**
 * The same with the patch of 2021-04-07 ("x86/efi: Do not release sub-1MB memory regions when the
 * crashkernel option is specified"): with crashkernel what lies below 1 MiB is not freed either. What
 * lies above is, but nothing of that shows here.
 */
export const efiReserveBootServicesKeepingLow: Step = (memory, inputs) =>
  reserveBootServices(memory, asksForCrashkernel(inputs));

function reserveBootServices(memory: LowMemory, keepsLow: boolean): LowMemory {
  const event: PageEvent = {
    step: 'efi_reserve_boot_services',
    owner: 'boot-services',
    why: 'the firmware may still use its boot services',
  };
  let state = memory;
  let lost = memory.lostBootServices;
  const entries = memory.bootServices.map((entry): BootServices => {
    const { range } = entry;
    if (hasAnyOf(state.reserved, range)) return { ...entry, tagged: true };
    const tagged = entry.tagged || keepsLow || !isAllRam(state, range);
    state = reserve(state, range, event);
    lost ||= !hasAnyOf(state.reserved, range);
    return { ...entry, tagged };
  });
  return { ...state, bootServices: entries, lostBootServices: lost };
}

/** `e820__mapped_all(…, E820_TYPE_RAM)`: false for all that touches 640 KiB to 1 MiB. */
function isAllRam({ pages }: LowMemory, range: PhysRange): boolean {
  return lowPages(range).every((page) => pages[page]?.owner !== 'firmware');
}

/** `efi_free_boot_services()` up to v5.12: all that is not tagged, whoever wants it. */
export const efiFreeBootServices: Step = (memory, inputs) =>
  freeBootServices(memory, inputs, false);

/** `efi_free_boot_services()` from v5.13 (Linux kernel commit f1d4d47c5851): what lies below 1 MiB is left reserved. */
export const efiFreeBootServicesAbove1M: Step = (memory, inputs) =>
  freeBootServices(memory, inputs, true);

function freeBootServices(memory: LowMemory, inputs: StepInputs, leavesLow: boolean): LowMemory {
  if (inputs.kernel.debugKeepsBootServices && hasEfiOption(inputs, 'debug')) return memory;
  if (inputs.setVirtualAddressMapFails) return memory;
  const step = 'efi_free_boot_services';
  const ours = mergeRegions(memory.bootServices).filter(({ tagged }) => !tagged);
  // The map is in descending order on 64-bit (efi_map_regions()).
  const quirked = ours
    .toReversed()
    .reduce((state, { range }) => trampolineQuirk(state, inputs, range), memory);
  const freed = ours.reduce((state, { range }) => {
    const left = withoutTrampoline(range, state.trampoline);
    if (!leavesLow) return unreserve(state, left, { step, why: 'boot services are over' });
    const why = 'boot services are over, but the first 1 MiB is never freed';
    const event: PageEvent = { step, owner: 'reserved', why };
    return transfer(state, lowPages(left), { event, from: 'boot-services' });
  }, quirked);
  return dieOfLostReservations(freed);
}

/** What `efi_free_boot_services()` does to kernels of the two-phase policy, which keep it from low memory. */
export const efiFreeBootServicesThatWereLost: Step = (memory, inputs) => {
  const keepsAll = hasEfiOption(inputs, 'debug') || inputs.setVirtualAddressMapFails;
  return keepsAll ? memory : dieOfLostReservations(memory);
};

/**
 * Boot services that `memblock_reserve()` lost are freed twice: "Bad page state", and worse. The list of free pages may
 * be broken so that the kernel hangs, its interrupts off, before it can panic.
 *
 * Memory below 1 MiB was full then: where KASLR has the kernel's map of memory need more page tables than it has
 * beforehand, `alloc_low_pages()` (arch/x86/mm/init.c) finds none for them either, and that comes first.
 */
function dieOfLostReservations(memory: LowMemory): LowMemory {
  if (!memory.lostBootServices) return memory;
  const step = 'efi_free_boot_services';
  const dead = stop(memory, step, 'Attempted to kill init!');
  if (dead.panic?.step !== step) return dead;
  const orBefore = 'Kernel panic - not syncing: alloc_low_pages: can not alloc memory';
  return { ...dead, panic: { ...dead.panic, orBefore, orHangs: 'BUG: Bad page state' } };
}

/**
 * The quirk of Linux kernel commit 5bc653b73182 ("x86/efi: Allocate a trampoline if needed in
 * efi_free_boot_services()"): a trampoline without a place takes the start of the first range of
 * boot services that it fits in, from the top.
 */
function trampolineQuirk(memory: LowMemory, inputs: ModelInputs, range: PhysRange): LowMemory {
  const size = trampolineBytes(inputs);
  if (memory.trampoline || range.start + size >= SZ_1M || rangeSize(range) < size) return memory;
  const trampoline = physRange(range.start, range.start + size);
  const event: PageEvent = {
    step: 'efi_free_boot_services',
    owner: 'trampoline',
    why: 'no place was left, and this is the highest range of boot services that it fits in',
  };
  const taken = transfer(memory, lowPages(trampoline), { event, from: 'boot-services' });
  return { ...taken, trampoline };
}

/**
 * "x86/efi: Place the trampoline before anything that may fail" (`images/patches/fixes/trampoline-quirk/`): from the top,
 * the first run of neighbours that it fits in takes it at its start, whatever becomes of boot services.
 */
export const efiPlaceTrampoline: Step = (memory, inputs) => {
  if (memory.trampoline || inputs.setVirtualAddressMapFails) return memory;
  const ours = mergeRegions(memory.bootServices).filter(({ tagged }) => !tagged);
  let run: PhysRange | undefined;
  for (const { range } of ours.toReversed()) {
    const end = run?.start === range.end ? run.end : range.end;
    run = physRange(range.start, end);
    const placed = trampolineQuirk(
      memory,
      inputs,
      clippedRange(Math.max(run.start, PAGE_SIZE), end),
    );
    if (placed.trampoline) return placed;
  }
  return memory;
};

function withoutTrampoline(range: PhysRange, trampoline: PhysRange | null): PhysRange {
  return trampoline?.start === range.start ? physRange(trampoline.end, range.end) : range;
}

/** `efi_merge_regions()`: entries that follow each other in the map, of one type and attribute, become one. */
function mergeRegions(entries: readonly BootServices[]): BootServices[] {
  const merged: BootServices[] = [];
  for (const entry of entries) {
    const last = merged.at(-1);
    const joins =
      last?.type === entry.type &&
      last.attribute === entry.attribute &&
      last.tagged === entry.tagged &&
      entry.index - last.index <= 1 &&
      last.range.end === entry.range.start;
    if (last && joins) {
      const range = physRange(last.range.start, entry.range.end);
      merged[merged.length - 1] = { ...last, range, index: entry.index };
    } else {
      merged.push(entry);
    }
  }
  return merged;
}
