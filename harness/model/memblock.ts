// SPDX-License-Identifier: MIT
/** What of mm/memblock.c decides who owns low memory: searches, and the arrays that must grow. */
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, clippedRange, physRange, rangeSize } from '../memory/phys-range.ts';
import { type RangeSet, rangeSet, without } from '../memory/range-set.ts';
import {
  type LowMemory,
  type MemblockCall,
  type PageEvent,
  say,
  takeFree,
  unreserve,
} from './low-memory.ts';
import { addRegion, countGaps, gapsIn, markKern } from './memblock-regions.ts';

/** `sizeof(struct memblock_region)`. */
const REGION_SIZE = 24;

interface Search {
  readonly size: number;
  readonly align: number;
  /** Where to search; if not given, wherever memblock may allocate. */
  readonly within?: PhysRange;
}

/** Up to `ISA_END_ADDRESS`, or without a limit; the first page is never given away (`memblock_find_in_range_node()`). */
const LOW = physRange(PAGE_SIZE, SZ_1M);
const ALL = clippedRange(PAGE_SIZE, Infinity);

/**
 * `memblock_find_in_range()`: the highest free bytes that fit, or with `movable_node` the lowest; of mirrored memory, if
 * there is any that fits.
 */
export function findFreeRange(memory: LowMemory, search: Search): PhysRange | undefined {
  const mirrored = mirroredRam(memory);
  const found = mirrored.length > 0 ? findIn(mirrored, memory, search) : undefined;
  return found ?? findIn(memoryRegions(memory), memory, search);
}

/** One region after the other: what is found does not reach from one into the next (`__next_mem_range()`). */
function findIn(
  regions: RangeSet,
  { bottomUp, reserved, isLimited }: LowMemory,
  { size, align, within = isLimited ? LOW : ALL }: Search,
): PhysRange | undefined {
  const searched = clip(regions, within);
  for (const region of bottomUp ? searched : searched.toReversed()) {
    const gaps = gapsIn(reserved, region);
    for (const gap of bottomUp ? gaps : gaps.toReversed()) {
      const start = bottomUp
        ? Math.ceil(gap.start / align) * align
        : Math.floor((gap.end - size) / align) * align;
      if (start >= gap.start && start + size <= gap.end) return physRange(start, start + size);
    }
  }
  return undefined;
}

function clip(ranges: RangeSet, to: PhysRange): RangeSet {
  return ranges
    .map(({ start, end }) => ({
      start: start > to.start ? start : to.start,
      end: end < to.end ? end : to.end,
    }))
    .filter(({ start, end }) => start < end);
}

function mirroredRam({ ram, mirrored }: LowMemory): RangeSet {
  return mirrored.flatMap((range) => clip(ram, range));
}

/** The regions of `memblock.memory`: neighbours are apart if only one of them is mirrored. */
function memoryRegions(memory: LowMemory): RangeSet {
  const { ram, mirrored } = memory;
  if (mirrored.length === 0) return ram;
  const regions = [...mirroredRam(memory), ...without(ram, mirrored)];
  return regions.toSorted((a, b) => a.start - b.start);
}

/** RAM below 1 MiB of which nothing is reserved, in bytes. */
export function freeRanges({ ram, reserved }: LowMemory): RangeSet {
  return clip(ram, LOW).flatMap((range) => gapsIn(reserved, range));
}

/** `memblock_mark_mirror()`: of RAM; a range for which there are too many regions is not marked. */
export function markMirror(memory: LowMemory, range: PhysRange): LowMemory {
  const roomy = makeMemoryRoom(memory, ISOLATED);
  if (!roomy.ok) return roomy.memory;
  return { ...roomy.memory, mirrored: rangeSet([...roomy.memory.mirrored, range]) };
}

/** `memblock_isolate_range()` makes at most two more regions. */
const ISOLATED = 2;

/** Doubles `memblock.memory` until it has room for so many regions besides those that it has. */
export function makeMemoryRoom(given: LowMemory, needed: number): Room {
  const count = memoryRegions(given).length + needed;
  let [memory, ok] = [given, true];
  while (ok && count > memory.arrays.memory.max) {
    ({ memory, ok } = doubleArray(memory, 'memory'));
  }
  return { memory, ok };
}

/** `memblock_mark_kho_scratch()` of the first 1 MiB, and `memblock_clear_kho_scratch()`: no region of RAM goes beyond 640 KiB. */
export function markScratch(memory: LowMemory): LowMemory {
  return makeMemoryRoom(memory, ISOLATED).memory;
}

/**
 * `memblock_reserve()`. While allocations are limited to 1 MiB: if the array of reserved regions has no
 * room for every gap that the range fills, it is doubled first, and the new one lies below 1 MiB. If
 * that has no room there the range is not reserved, and nobody notices.
 */
export function reserve(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  return addReserved(memory, { range, event, kern: false });
}

/** `memblock_reserve_kern()`, and what `memblock_phys_alloc()` reserves. */
export function reserveKern(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  return addReserved(memory, { range, event, kern: memory.marksKern });
}

/** `memblock_reserved_mark_kern()`: of what is reserved. */
export function markReservedKern(memory: LowMemory, range: PhysRange): LowMemory {
  const roomy = makeRoom(memory, ISOLATED, range);
  if (!roomy.ok) return roomy.memory;
  return { ...roomy.memory, reserved: markKern(roomy.memory.reserved, range) };
}

interface Reserving {
  readonly range: PhysRange;
  readonly event: PageEvent;
  readonly kern: boolean;
}

function addReserved(memory: LowMemory, { range, event, kern }: Reserving): LowMemory {
  if (rangeSize(range) <= 0) return memory;
  const called = noteCall(memory, { call: 'reserve', range });
  const roomy = makeRoom(called, countGaps(called.reserved, range), range);
  if (!roomy.ok) return roomy.memory;
  const reserved = addRegion(roomy.memory.reserved, { ...range, kern });
  return takeFree({ ...roomy.memory, reserved }, range, event);
}

/** `memblock_phys_free()`: takes back a reservation. It may need room to split regions, too. */
export function memblockFree(
  memory: LowMemory,
  range: PhysRange,
  event: Omit<PageEvent, 'owner'>,
): LowMemory {
  if (memory.keepsLow) return memory;
  const called = noteCall(memory, { call: 'free', range });
  const roomy = makeRoom(called, ISOLATED, range);
  return roomy.ok ? unreserve(roomy.memory, range, event) : roomy.memory;
}

function noteCall(memory: LowMemory, call: MemblockCall): LowMemory {
  if (call.range.start >= SZ_1M) return memory;
  return { ...memory, memblockCalls: [...memory.memblockCalls, call] };
}

interface Room {
  readonly memory: LowMemory;
  readonly ok: boolean;
}

/** Doubles `memblock.reserved` until it has room for so many more; `area` is what they are for. */
function makeRoom(given: LowMemory, needed: number, area: PhysRange): Room {
  if (!given.isLimited || needed === 0) return { memory: given, ok: true };
  const left = given.arrays.reserved.max - given.reserved.length - given.hidden - needed;
  let memory = left < given.fewestLeft ? { ...given, fewestLeft: left } : given;
  while (memory.reserved.length + memory.hidden + needed > memory.arrays.reserved.max) {
    const grown = doubleArray(memory, 'reserved', area);
    if (!grown.ok) return grown;
    memory = grown.memory;
  }
  return { memory, ok: true };
}

/**
 * `memblock_double_array()`. It is to avoid `area`, and searches above it first, then below. Of an area
 * that begins at 0 "below" means anywhere (`MEMBLOCK_ALLOC_ACCESSIBLE` is 0), inside of it, too. So
 * do kernels from v5.13 when they reserve the first 1 MiB.
 */
function doubleArray(memory: LowMemory, type: 'memory' | 'reserved', area = physRange(0, 0)): Room {
  const { max, place: old } = memory.arrays[type];
  const bytes = 2 * max * REGION_SIZE;
  const search = { size: Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE, align: PAGE_SIZE };
  const below = area.start === 0 ? SZ_1M : Math.min(area.start, SZ_1M);
  const found =
    findFreeRange(memory, { ...search, within: clippedRange(area.end, SZ_1M) }) ??
    findFreeRange(memory, { ...search, within: physRange(0, below) });
  if (!found) {
    const line = `memblock: Failed to double ${type} array from ${max} to ${2 * max} entries !`;
    return { memory: say(memory, line), ok: false };
  }
  const line = `memblock: ${type} is doubled to ${2 * max} at [${pa(found.start)}-${pa(found.start + bytes - 1)}]`;
  const arrays = { ...memory.arrays, [type]: { max: 2 * max, place: found } };
  const step = 'memblock_double_array';
  const moved = say({ ...memory, arrays }, line);
  const tidy = old ? memblockFree(moved, old, { step, why: 'the list has moved' }) : moved;
  const why = `the list of ${WORDS[type]} ranges has more than ${max} entries`;
  return { memory: reserveKern(tidy, found, { step, owner: 'kernel', why }), ok: true };
}

/** As `%pa` prints it. */
export function pa(address: number): string {
  return `0x${address.toString(16).padStart(16, '0')}`;
}

const WORDS = { memory: 'RAM', reserved: 'reserved' };

/**
 * `memblock_discard()`, after the page allocator has taken over: the arrays go to the page allocator,
 * also from the first 1 MiB that is "always reserved".
 */
export function memblockDiscard(memory: LowMemory): LowMemory {
  if (memory.keepsLow) return memory;
  return (['reserved', 'memory'] as const).reduce((state, type) => {
    const { place } = state.arrays[type];
    if (!place) return state;
    const why = `the list of ${WORDS[type]} ranges is no longer needed`;
    const called = noteCall(state, { call: 'free', range: place, isQuiet: true });
    return unreserve(called, place, { step: 'memblock_discard', why });
  }, memory);
}
