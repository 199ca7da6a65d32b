// SPDX-License-Identifier: MIT
import type { E820Entry } from '../memory/e820.ts';
import type { MemblockLine } from '../memory/memblock-log.ts';
import { lowPages, pageRange } from '../memory/page-map.ts';
import { type Pfn, SZ_1M, pfn } from '../memory/pfn.ts';
import { type PhysRange, covers, intersects, physRange } from '../memory/phys-range.ts';
import { type RangeSet, addRange, hasAnyOf, removeRange } from '../memory/range-set.ts';
import type { Owner } from './owners.ts';

/** A change of owner: the kernel's function that gave the page away, to whom, and why. */
export interface PageEvent {
  readonly step: string;
  readonly owner: Owner;
  readonly why: string;
}

/** A page and how it came to its owner: that of the last event. */
export interface PageFate {
  readonly owner: Owner;
  readonly history: readonly PageEvent[];
}

/** An entry of `efi.memmap`, of boot services. */
export interface BootServices {
  readonly type: number;
  /** Without `EFI_MEMORY_RUNTIME`, which the kernel sets and firmware does not. */
  readonly attribute: bigint;
  readonly range: PhysRange;
  /** `EFI_MEMORY_RUNTIME` set by the kernel: kept for ever. */
  readonly tagged: boolean;
}

/** The state that a policy's steps hand on. */
export interface LowMemory {
  /** The 256 pages below 1 MiB. */
  readonly pages: readonly PageFate[];
  /** `memblock.reserved`, of all memory: its ranges are in bytes, and their number counts. */
  readonly reserved: RangeSet;
  /** The calls that `memblock=debug` prints. */
  readonly memblockCalls: readonly MemblockLine[];
  /** Entries that `memblock.reserved` has room for. */
  readonly reservedMax: number;
  /** Where `memblock.reserved` lies once it had to grow; null while it is the static array. */
  readonly reservedArray: PhysRange | null;
  /** The copy of the EFI map that `efi_memmap_alloc()` put below 1 MiB, or null. */
  readonly memmapCopy: PhysRange | null;
  /** Entries of the EFI map, of all types. */
  readonly memmapEntries: number;
  /** In the order of the map. */
  readonly bootServices: readonly BootServices[];
  /** Null while it has no place. */
  readonly trampoline: PhysRange | null;
  /** Why the kernel stops, or null while it goes on. */
  readonly panic: {
    readonly step: string;
    readonly line: string;
    /** A panic that may come first, for the same reason, as KASLR has it. */
    readonly orBefore?: string;
    /** What it complains of where it hangs instead, for the same reason. */
    readonly orHangs?: string;
  } | null;
  /** What the kernel prints of all this, in order. */
  readonly logLines: readonly string[];
}

/** `INIT_MEMBLOCK_REGIONS` (include/linux/memblock.h). */
const INIT_MEMBLOCK_REGIONS = 128;

/** Low memory as the kernel finds it: whole pages of RAM are free, the rest is the firmware's. */
export function initialLowMemory(e820: readonly E820Entry[]): LowMemory {
  const ram = e820.filter((entry) => entry.ram).map((entry) => entry.range);
  const other = e820.filter((entry) => !entry.ram).map((entry) => entry.range);
  const pages = lowPages(physRange(0, SZ_1M)).map((page) => {
    const bytes = pageRange(page);
    const usable = covers(ram, bytes) && !other.some((range) => intersects(range, bytes));
    const event = e820Event(usable);
    return { owner: event.owner, history: [event] };
  });
  return {
    pages,
    reserved: [],
    memblockCalls: [],
    reservedMax: INIT_MEMBLOCK_REGIONS,
    reservedArray: null,
    memmapCopy: null,
    memmapEntries: 0,
    bootServices: [],
    trampoline: null,
    panic: null,
    logLines: [],
  };
}

function e820Event(usable: boolean): PageEvent {
  const step = 'e820__memory_setup';
  return usable
    ? { step, owner: 'free', why: 'RAM in the e820 map' }
    : { step, owner: 'firmware', why: 'no RAM in the e820 map' };
}

/** Reserves a range: a page with any reserved byte is no longer free (`reserve_bootmem_region()`). */
export function reserve(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  const reserved = addRange(memory.reserved, range);
  const memblockCalls = [...memory.memblockCalls, { call: 'reserve', range } as const];
  return change({ ...memory, reserved, memblockCalls }, lowPages(range), {
    event,
    when: (owner) => owner === 'free',
  });
}

/** `memblock_phys_free()`: takes back a reservation. */
export function memblockFree(
  memory: LowMemory,
  range: PhysRange,
  event: Omit<PageEvent, 'owner'>,
): LowMemory {
  const memblockCalls = [...memory.memblockCalls, { call: 'free', range } as const];
  return unreserve({ ...memory, memblockCalls }, range, event);
}

/** Takes back a reservation: pages of RAM without any reserved byte are free (`memblock_phys_free()`). */
export function unreserve(
  memory: LowMemory,
  range: PhysRange,
  event: Omit<PageEvent, 'owner'>,
): LowMemory {
  const reserved = removeRange(memory.reserved, range);
  const pages = lowPages(range).filter((page) => !hasAnyOf(reserved, pageRange(page)));
  const isRam = (owner: Owner): boolean => owner !== 'firmware' && owner !== 'page0';
  return change({ ...memory, reserved }, pages, {
    event: { ...event, owner: 'free' },
    when: isRam,
  });
}

/** Takes RAM off the e820 map, as `e820__range_update()` and `e820__range_remove()` do. */
export function removeRam(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  return change(memory, lowPages(range), { event, when: (owner) => owner !== 'firmware' });
}

/** Hands on those pages that `from` owns. */
export function transfer(
  memory: LowMemory,
  pages: readonly Pfn[],
  { event, from }: { readonly event: PageEvent; readonly from: Owner },
): LowMemory {
  return change(memory, pages, { event, when: (owner) => owner === from });
}

/** The pages that an owner has, ascending. */
export function pagesOwnedBy({ pages }: LowMemory, wanted: Owner): Pfn[] {
  return pages.flatMap(({ owner }, page) => (owner === wanted ? [pfn(page)] : []));
}

/** Adds a line to what the kernel prints. */
export function say(memory: LowMemory, line: string): LowMemory {
  return { ...memory, logLines: [...memory.logLines, line] };
}

interface Change {
  readonly event: PageEvent;
  readonly when: (owner: Owner) => boolean;
}

function change(memory: LowMemory, touched: readonly Pfn[], { event, when }: Change): LowMemory {
  const pages = [...memory.pages];
  for (const page of touched) {
    const fate = pages[page];
    if (fate && when(fate.owner)) pages[page] = changed(fate, event);
  }
  return { ...memory, pages };
}

function changed(fate: PageFate, event: PageEvent): PageFate {
  return { owner: event.owner, history: [...fate.history, event] };
}
