// SPDX-License-Identifier: MIT
/** What of mm/memblock.c decides who owns low memory: searches, and the array that must grow. */
import { lowPages, rangesOfPages } from '../memory/page-map.ts';
import { PAGE_SIZE, SZ_1M, hex } from '../memory/pfn.ts';
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import { type RangeSet, addRange, without } from '../memory/range-set.ts';
import { type LowMemory, type PageEvent, reserve, say, memblockFree } from './low-memory.ts';
import type { Step } from './step.ts';

/** `sizeof(struct memblock_region)`. */
const REGION_SIZE = 24;

interface Search {
  readonly size: number;
  readonly align: number;
  readonly bottomUp?: boolean;
}

/** `memblock_find_in_range()` below 1 MiB: the highest free bytes that fit, or the lowest. */
export function findFreeRange(memory: LowMemory, search: Search): PhysRange | undefined {
  const { size, align, bottomUp = false } = search;
  const gaps = freeRanges(memory);
  for (const gap of bottomUp ? gaps : gaps.toReversed()) {
    const start = bottomUp
      ? Math.ceil(gap.start / align) * align
      : Math.floor((gap.end - size) / align) * align;
    if (start >= gap.start && start + size <= gap.end) return physRange(start, start + size);
  }
  return undefined;
}

/** RAM below 1 MiB of which nothing is reserved, in bytes. */
function freeRanges({ pages, reserved }: LowMemory): RangeSet {
  const ram = lowPages(physRange(0, SZ_1M)).filter((page) => {
    const owner = pages[page]?.owner;
    return owner !== 'firmware' && owner !== 'page0';
  });
  return without([...rangesOfPages(ram)], reserved);
}

/**
 * `memblock_reserve()` while allocations are limited to 1 MiB: if the array of reserved ranges is
 * full it is doubled first (`memblock_double_array()`), and the new one lies below 1 MiB. If that
 * has no room there the range is not reserved, and nobody notices.
 */
export function reserveCounted(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  const { reserved, reservedMax } = memory;
  if (reserved.length < reservedMax) return reserve(memory, range, event);
  const grown = doubleArray(memory, range);
  if (grown) return reserveCounted(grown, range, event);
  const line = `memblock: Failed to double reserved array from ${reservedMax} to ${2 * reservedMax} entries !`;
  return say(memory, line);
}

function doubleArray(memory: LowMemory, adding: PhysRange): LowMemory | undefined {
  const max = 2 * memory.reservedMax;
  const size = Math.ceil((max * REGION_SIZE) / PAGE_SIZE) * PAGE_SIZE;
  // The range that is being added is not in the list yet.
  const own = { ...memory, reserved: addRange(memory.reserved, adding) };
  const found = findFreeRange(own, { size, align: PAGE_SIZE });
  if (!found) return undefined;
  const step = 'memblock_double_array';
  const why = `the list of reserved ranges has more than ${memory.reservedMax} entries`;
  const grown = reserve(memory, found, { step, owner: 'kernel', why });
  const old = memory.reservedArray;
  const tidy = old ? memblockFree(grown, old, { step, why: 'the list has moved' }) : grown;
  const line = `memblock: reserved is doubled to ${max} at [${hex(found.start)}-${hex(found.end - 1)}]`;
  return say({ ...tidy, reservedMax: max, reservedArray: found }, line);
}

/**
 * `memblock_discard()`, after the page allocator has taken over: the array goes to the page
 * allocator, also from the first 1 MiB that is "always reserved".
 */
export const memblockDiscard: Step = (memory) => {
  if (!memory.reservedArray) return memory;
  const why = 'the list of reserved ranges is no longer needed';
  return memblockFree(memory, memory.reservedArray, { step: 'memblock_discard', why });
};
