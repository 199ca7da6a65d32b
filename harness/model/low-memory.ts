// SPDX-License-Identifier: MIT
import type { E820Entry } from '../memory/e820.ts';
import type { MemblockLine } from '../memory/memblock-log.ts';
import { ALL_LOW_PAGES, lowPages, pageRange } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import { type RangeSet, hasAnyOf, rangeSet, without } from '../memory/range-set.ts';
import { type MemblockRegions, removeRegion } from './memblock-regions.ts';
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
  /** Without `EFI_MEMORY_RUNTIME`: see `tagged`. */
  readonly attribute: bigint;
  readonly range: PhysRange;
  /** `EFI_MEMORY_RUNTIME`, set by the kernel, or by a firmware that should not: kept for ever. */
  readonly tagged: boolean;
  /** Of the entry in the firmware's map. */
  readonly index: number;
}

/** One of memblock's two arrays of regions. */
interface MemblockArray {
  /** Entries that it has room for. */
  readonly max: number;
  /** Where it lies once it had to grow below 1 MiB; null while it is the static array. */
  readonly place: PhysRange | null;
}

/** A call that changes `memblock.reserved`. */
export interface MemblockCall extends MemblockLine {
  /** Whether only some kernels print it (`memblock_discard()`: those from 7.2). */
  readonly isQuiet?: true;
}

/** What of `struct memblock` decides who owns low memory. */
interface Memblock {
  /** `memblock.reserved`, of all memory: its regions are in bytes, and their number counts. */
  readonly reserved: MemblockRegions;
  /** Regions above 1 MiB that the kernel has besides. */
  readonly hidden: number;
  readonly arrays: Readonly<Record<'memory' | 'reserved', MemblockArray>>;
  /** From `memblock_allow_resize()` until `init_mem_mapping()`: all allocations come from below 1 MiB. */
  readonly isLimited: boolean;
  /** `memblock_bottom_up()`. */
  readonly bottomUp: boolean;
  /** `memblock.memory`, of all memory; as e820 has it until memblock gets it. */
  readonly ram: RangeSet;
  /** What of it has `MEMBLOCK_MIRROR`: searched first, and alone. */
  readonly mirrored: RangeSet;
  /** Whether the kernel has `MEMBLOCK_RSRV_KERN`. */
  readonly marksKern: boolean;
  /** Whether what lies below 1 MiB is never freed (`arch_memblock_keeps()` of the two-phase series). */
  readonly keepsLow: boolean;
  /** The fewest entries of `memblock.reserved` that were left while allocations were limited. */
  readonly fewestLeft: number;
  /** The calls that `memblock=debug` prints. */
  readonly memblockCalls: readonly MemblockCall[];
}

/** The state that a policy's steps hand on. */
export interface LowMemory extends Memblock {
  /** The 256 pages below 1 MiB. */
  readonly pages: readonly PageFate[];
  /** The copy of the EFI map that `efi_memmap_alloc()` put below 1 MiB, or null. */
  readonly memmapCopy: PhysRange | null;
  /** Entries of the EFI map, of all types. */
  readonly memmapEntries: number;
  /** In the order of the map. */
  readonly bootServices: readonly BootServices[];
  /** Whether `memblock_reserve()` failed for some of them. */
  readonly lostBootServices: boolean;
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
const STATIC_ARRAY: MemblockArray = { max: 128, place: null };

/** Low memory as the kernel finds it: whole pages of RAM are free, the rest is the firmware's. */
export function initialLowMemory(e820: readonly E820Entry[]): LowMemory {
  const ram = ramOf(e820);
  const usable = new Set(ram.flatMap(wholePages));
  const pages = ALL_LOW_PAGES.map((page) => (usable.has(page) ? RAM : NO_RAM));
  return {
    pages,
    reserved: [],
    hidden: 0,
    arrays: { memory: STATIC_ARRAY, reserved: STATIC_ARRAY },
    isLimited: false,
    bottomUp: false,
    ram,
    mirrored: [],
    marksKern: false,
    keepsLow: false,
    fewestLeft: Infinity,
    memblockCalls: [],
    memmapCopy: null,
    memmapEntries: 0,
    bootServices: [],
    lostBootServices: false,
    trampoline: null,
    panic: null,
    logLines: [],
  };
}

/** What an e820 map has as RAM: an entry that is not wins over one that is (`e820__update_table()`). */
export function ramOf(e820: readonly E820Entry[]): RangeSet {
  const [ram = [], other = []] = [true, false].map((wanted) =>
    e820.filter((entry) => entry.ram === wanted).map(({ range }) => range),
  );
  return without(rangeSet(ram), other);
}

/** The pages below 1 MiB of which all bytes are in the range. */
function wholePages({ start, end }: PhysRange): Pfn[] {
  const from = Math.ceil(start / PAGE_SIZE) * PAGE_SIZE;
  const to = Math.floor(Math.min(end, SZ_1M) / PAGE_SIZE) * PAGE_SIZE;
  return from < to ? lowPages(physRange(from, to)) : [];
}

function atFirst(owner: Owner, why: string): PageFate {
  return { owner, history: [{ step: 'e820__memory_setup', owner, why }] };
}

const RAM = atFirst('free', 'RAM in the e820 map');
const NO_RAM = atFirst('firmware', 'no RAM in the e820 map');

/** A page with any reserved byte is no longer free (`reserve_bootmem_region()`). */
export function takeFree(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  return change(memory, lowPages(range), { event, when: (owner) => owner === 'free' });
}

/** Takes back a reservation: pages of RAM without any reserved byte are free (`memblock_phys_free()`). */
export function unreserve(
  memory: LowMemory,
  range: PhysRange,
  event: Omit<PageEvent, 'owner'>,
): LowMemory {
  const reserved = removeRegion(memory.reserved, range);
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
  return ALL_LOW_PAGES.filter((page) => pages[page]?.owner === wanted);
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
  if (touched.length === 0) return memory;
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
