// SPDX-License-Identifier: MIT
import { type PhysRange, intersects, physRange } from './phys-range.ts';

/**
 * A set of bytes as disjoint ranges in ascending order, neighbours merged, as memblock keeps it.
 * All functions return a new set.
 */
export type RangeSet = readonly PhysRange[];

/** The set of the bytes of ranges, which may overlap, in any order. */
export function rangeSet(ranges: readonly PhysRange[]): RangeSet {
  return ranges.reduce<RangeSet>(addRange, []);
}

/** The set with `range` added; an empty range adds nothing. */
export function addRange(set: RangeSet, range: PhysRange): RangeSet {
  if (range.end <= range.start) return set;
  const touches = (other: PhysRange): boolean =>
    other.start <= range.end && range.start <= other.end;
  const merged = [range, ...set.filter(touches)];
  const start = Math.min(...merged.map((other) => other.start));
  const end = Math.max(...merged.map((other) => other.end));
  const rest = set.filter((other) => !touches(other));
  return [...rest, physRange(start, end)].toSorted((a, b) => a.start - b.start);
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
  return set.some((other) => intersects(other, range));
}

/** The bytes of `set` that are not in `others`. */
export function without(set: RangeSet, others: RangeSet): RangeSet {
  return others.reduce<RangeSet>(removeRange, set);
}
