// SPDX-License-Identifier: MIT
import { LOW_PAGES, PAGE_SIZE, type Pfn, hex, pfn } from './pfn.ts';
import { type PhysRange, physRange } from './phys-range.ts';

/** The pages below 1 MiB that share at least one byte with the range. */
export function lowPages(range: PhysRange): Pfn[] {
  if (range.end <= range.start) return [];
  const end = Math.min(Math.ceil(range.end / PAGE_SIZE), LOW_PAGES);
  const pages: Pfn[] = [];
  for (let page = Math.floor(range.start / PAGE_SIZE); page < end; page += 1) pages.push(pfn(page));
  return pages;
}

/** All of them. */
export const ALL_LOW_PAGES: readonly Pfn[] = Array.from({ length: LOW_PAGES }, (_, page) =>
  pfn(page),
);

/** The bytes of a page. */
export function pageRange(page: Pfn): PhysRange {
  return physRange(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
}

/** The bytes of ascending pages, neighbours merged. */
export function* rangesOfPages(pages: Iterable<Pfn>): Generator<PhysRange> {
  let run: PhysRange | undefined;
  for (const page of pages) {
    const { start, end } = pageRange(page);
    if (run && run.end !== start) yield run;
    run = physRange(run?.end === start ? run.start : start, end);
  }
  if (run) yield run;
}

/** Ascending page frame numbers as inclusive runs: `0x10-0x13`, `0x63`. */
export function renderPages(pages: Iterable<Pfn>): string[] {
  return Array.from(rangesOfPages(pages), ({ start, end }) => {
    const [first, last] = [start / PAGE_SIZE, end / PAGE_SIZE - 1];
    return first === last ? hex(first) : `${hex(first)}-${hex(last)}`;
  });
}

/** The pages of one run as `renderPages` writes it. */
export function pagesOfRun(run: string): Pfn[] {
  const [first = 0, last = first] = run.split('-').map(Number);
  return Array.from({ length: last - first + 1 }, (_, index) => pfn(first + index));
}
