// SPDX-License-Identifier: MIT
import { LOW_PAGES, PAGE_SIZE, type Pfn, hex, pfn } from './pfn.ts';
import { type PhysRange, physRange } from './phys-range.ts';

/** The pages below 1 MiB of which the range holds at least one byte. */
export function lowPages(range: PhysRange): Pfn[] {
  if (range.end <= range.start) return [];
  const first = Math.floor(range.start / PAGE_SIZE);
  const end = Math.min(Math.ceil(range.end / PAGE_SIZE), LOW_PAGES);
  return Array.from({ length: Math.max(end - first, 0) }, (_, index) => pfn(first + index));
}

/** The bytes of a page. */
export function pageRange(page: Pfn): PhysRange {
  return physRange(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
}

/** The bytes of ascending pages, neighbours merged. */
export function rangesOfPages(pages: Iterable<Pfn>): PhysRange[] {
  const runs: { first: Pfn; last: Pfn }[] = [];
  for (const page of pages) {
    const run = runs.at(-1);
    if (run && page === run.last + 1) run.last = page;
    else runs.push({ first: page, last: page });
  }
  return runs.map(({ first, last }) => physRange(first * PAGE_SIZE, (last + 1) * PAGE_SIZE));
}

/** Ascending page frame numbers as inclusive runs: `0x10-0x13`, `0x63`. */
export function renderPages(pages: Iterable<Pfn>): string[] {
  return rangesOfPages(pages).map(({ start, end }) => {
    const [first, last] = [start / PAGE_SIZE, end / PAGE_SIZE - 1];
    return first === last ? hex(first) : `${hex(first)}-${hex(last)}`;
  });
}
