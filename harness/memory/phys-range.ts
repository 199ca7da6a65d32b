// SPDX-License-Identifier: MIT
import { PHYS_ADDR_LIMIT, type PhysAddr, hex, physAddr } from './pfn.ts';

/** A run of physical memory in bytes, half-open: `start` belongs to it, `end` does not. */
export interface PhysRange {
  readonly start: PhysAddr;
  readonly end: PhysAddr;
}

/** Builds a range from its half-open bounds in bytes. */
export function physRange(start: number, end: number): PhysRange {
  return { start: physAddr(start), end: physAddr(end) };
}

/** What of these bounds can be memory at all: for numbers that a guest or a stranger gave. */
export function clippedRange(start: number, end: number): PhysRange {
  return physRange(Math.min(start, PHYS_ADDR_LIMIT), Math.min(end, PHYS_ADDR_LIMIT));
}

/** Builds a range from an inclusive last address, as `/proc/iomem` and the kernel log print it. */
export function fromInclusive(first: number, last: number): PhysRange {
  return physRange(first, last + 1);
}

/** The range between two inclusive bounds in hexadecimal; undefined if that is not a range. */
export function findRange(first: string, last: string): PhysRange | undefined {
  const [from, to] = [Number.parseInt(first, 16), Number.parseInt(last, 16)];
  return from <= to && to < PHYS_ADDR_LIMIT ? fromInclusive(from, to) : undefined;
}

/** The length in bytes. */
export function rangeSize(range: PhysRange): number {
  return range.end - range.start;
}

/** Whether the two share a byte, which is the test of `memblock_is_region_reserved()`. */
export function intersects(a: PhysRange, b: PhysRange): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Whether every byte of `target` is in one of `ranges`, which may overlap, in any order. */
export function covers(ranges: readonly PhysRange[], target: PhysRange): boolean {
  let covered: number = target.start;
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    if (range.start <= covered) covered = Math.max(covered, range.end);
  }
  return covered >= target.end;
}

/** The range with its last address, inclusive, as the kernel prints ranges: `0x1000-0x9ffff`. */
export function renderRange(range: PhysRange): string {
  return `${hex(range.start)}-${hex(range.end - 1)}`;
}
