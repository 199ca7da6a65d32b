// SPDX-License-Identifier: MIT
import { type PhysRange, intersects, physRange } from './phys-range.ts';

/**
 * A set of bytes as disjoint ranges in ascending order, neighbours merged, as memblock keeps it.
 * All functions return a new set.
 */
export type RangeSet = readonly PhysRange[];

/** The set of the bytes of ranges, which may overlap, in any order: in the time that sorting them takes. */
export function rangeSet(ranges: readonly PhysRange[]): RangeSet {
  const merged: PhysRange[] = [];
  const sorted = ranges.filter(({ start, end }) => start < end);
  for (const range of sorted.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last === undefined || last.end < range.start) merged.push(range);
    else if (last.end < range.end) merged.splice(-1, 1, physRange(last.start, range.end));
  }
  return merged;
}

/** The set with `range` added; an empty range adds nothing. */
export function addRange(set: RangeSet, range: PhysRange): RangeSet {
  if (range.end <= range.start) return set;
  const before = set.filter((other) => other.end < range.start);
  const after = set.filter((other) => range.end < other.start);
  const touched = set.slice(before.length, set.length - after.length);
  const start = Math.min(range.start, touched[0]?.start ?? Infinity);
  const end = Math.max(range.end, touched.at(-1)?.end ?? 0);
  return [...before, physRange(start, end), ...after];
}

/** The set without any byte of `range`. */
export function removeRange(set: RangeSet, range: PhysRange): RangeSet {
  if (range.end <= range.start) return set;
  return set.flatMap((other) => {
    if (!intersects(other, range)) return [other];
    const before = other.start < range.start ? [physRange(other.start, range.start)] : [];
    const after = range.end < other.end ? [physRange(range.end, other.end)] : [];
    return [...before, ...after];
  });
}

/** Whether the set has a byte of `range`. */
export function hasAnyOf(set: RangeSet, range: PhysRange): boolean {
  const next = set[firstBeyond(set, range.start)];
  return next !== undefined && next.start < range.end;
}

/**
 * The bytes of `set` that are not in `others`. Both may be any ranges: those of `set` stay apart and in
 * their order. Takes as long as to sort `others`, and to walk what comes out.
 */
export function without(set: RangeSet, others: readonly PhysRange[]): RangeSet {
  const holes = rangeSet(others);
  return set.flatMap((range) => [...piecesOf(range, holes)]);
}

/** What of a range lies between the holes, which ascend. */
function* piecesOf({ start, end }: PhysRange, holes: RangeSet): Generator<PhysRange> {
  let from: number = start;
  for (let at = firstBeyond(holes, start); at < holes.length && from < end; at += 1) {
    const hole = holes[at];
    if (hole === undefined || hole.start >= end) break;
    if (from < hole.start) yield physRange(from, hole.start);
    from = hole.end;
  }
  if (from < end) yield physRange(from, end);
}

/** The index of the first range that ends after an address. */
export function firstBeyond(set: RangeSet, address: number): number {
  let [low, high] = [0, set.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((set[middle]?.end ?? Infinity) <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
