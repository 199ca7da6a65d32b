// SPDX-License-Identifier: MIT
/** The list `memblock.reserved` as `memblock_add_range()` and `memblock_isolate_range()` keep it. */
import { type PhysRange, physRange } from '../memory/phys-range.ts';
import { type RangeSet, firstBeyond } from '../memory/range-set.ts';

/** `struct memblock_region`. */
export interface MemblockRegion extends PhysRange {
  /**
   * `MEMBLOCK_RSRV_KERN`, from v6.16: the kernel's own. Neighbours merge only if both have it or both
   * have not.
   */
  readonly kern: boolean;
}

/** Disjoint and ascending. */
export type MemblockRegions = readonly MemblockRegion[];

/** How many regions `memblock_add_range()` must insert before it merges: one for each gap in `range`. */
export function countGaps(regions: MemblockRegions, range: PhysRange): number {
  return gapsIn(regions, range).length;
}

/** `memblock_add_range()`: what is reserved already stays as it is. */
export function addRegion(regions: MemblockRegions, added: MemblockRegion): MemblockRegions {
  // A neighbour that ends where it begins, or begins where it ends, may merge with it.
  const first = firstBeyond(regions, added.start - 1);
  const beyond = firstBeyond(regions, added.end);
  const last = (regions[beyond]?.start ?? Infinity) <= added.end ? beyond + 1 : beyond;
  if (first === last) return regions.toSpliced(first, 0, added);
  const pieces = gapsIn(regions, added).map((gap) => ({ ...gap, kern: added.kern }));
  if (pieces.length === 0) return regions;
  const touched = [...regions.slice(first, last), ...pieces].toSorted((a, b) => a.start - b.start);
  return regions.toSpliced(first, last - first, ...mergeNeighbours(touched));
}

/** `memblock_remove_range()`. */
export function removeRegion(regions: MemblockRegions, range: PhysRange): MemblockRegions {
  const [first, end] = touchedBy(regions, range);
  if (first === end) return regions;
  const touched = regions.slice(first, end);
  const left = [
    ...touched.slice(0, 1).map((region) => ({ ...region, end: range.start })),
    ...touched.slice(-1).map((region) => ({ ...region, start: range.end })),
  ];
  return regions.toSpliced(first, end - first, ...left.filter(isSome));
}

/** `memblock_reserved_mark_kern()`: what of the range is reserved is the kernel's own. */
export function markKern(regions: MemblockRegions, range: PhysRange): MemblockRegions {
  const [first, end] = touchedBy(regions, range);
  const parts = regions.slice(first, end).flatMap((region) => [
    { ...region, end: range.start },
    {
      start: region.start > range.start ? region.start : range.start,
      end: region.end < range.end ? region.end : range.end,
      kern: true,
    },
    { ...region, start: range.end },
  ]);
  return mergeNeighbours(regions.toSpliced(first, end - first, ...parts.filter(isSome)));
}

/** The indices of the regions that share a byte with the range. */
function touchedBy(regions: MemblockRegions, range: PhysRange): [number, number] {
  const first = firstBeyond(regions, range.start);
  const last = firstBeyond(regions, range.end - 1);
  return [first, (regions[last]?.start ?? Infinity) < range.end ? last + 1 : last];
}

const isSome = ({ start, end }: PhysRange): boolean => start < end;

/** What of a range is in none of the regions. */
export function gapsIn(regions: RangeSet, { start, end }: PhysRange): PhysRange[] {
  const gaps: PhysRange[] = [];
  let from: number = start;
  for (let at = firstBeyond(regions, start); at < regions.length; at += 1) {
    const region = regions[at];
    if (region === undefined || region.start >= end) break;
    if (region.start > from) gaps.push(physRange(from, region.start));
    from = region.end;
  }
  if (from < end) gaps.push(physRange(from, end));
  return gaps;
}

/** `memblock_merge_regions()`. */
function mergeNeighbours(regions: MemblockRegions): MemblockRegion[] {
  const merged: MemblockRegion[] = [];
  for (const region of regions) {
    const last = merged.at(-1);
    if (last?.end === region.start && last.kern === region.kern) {
      merged.splice(-1, 1, { ...last, end: region.end });
    } else {
      merged.push(region);
    }
  }
  return merged;
}
