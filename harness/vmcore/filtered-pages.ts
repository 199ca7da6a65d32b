// SPDX-License-Identifier: MIT
import { PAGE_SIZE, pfn } from '../memory/pfn.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import {
  BUDDY_BLOCK_PAGES,
  type KernelSources,
  type PageState,
  pageReader,
} from './page-structs.ts';

/** What a filter leaves out by its use: cache, user data, memory that is not there (makedumpfile(8), `-d`). */
const MAY_GO: ReadonlySet<PageState['use']> = new Set([
  'anonymous',
  'page cache',
  'hugetlb',
  'offline',
]);

/**
 * The pages that a dump has left out, ascending, though makedumpfile's dump level 31 leaves out their like only when they
 * are zero: by their `struct page` they are neither free nor cache nor user data. Throws `FormatError`.
 */
export function keptKindsLeftOut(kernel: KernelSources, memory: PhysicalMemory): Uint32Array {
  const absent = pagesLeftOut(memory);
  if (absent.length === 0) return new Uint32Array();
  const readPages = pageReader(kernel);
  // A page on a list for reclaim (`isLRU()` in makedumpfile) is cache, whatever else.
  const lru = 1n << BigInt(kernel.vmcoreinfo.number('PG_lru') ?? 0);
  const mayGo = ({ class: kind, use, flags }: PageState): boolean =>
    kind === 'free' || MAY_GO.has(use) || (flags & lru) !== 0n;
  let block: { readonly first: number; readonly pages: readonly PageState[] } | undefined;
  const stateOf = (page: number): PageState | undefined => {
    const first = page - (page % BUDDY_BLOCK_PAGES);
    if (block?.first !== first) block = { first, pages: readPages(pfn(first), BUDDY_BLOCK_PAGES) };
    return block.pages[page - first];
  };
  return Uint32Array.from(absent).filter((page) => {
    const state = stateOf(page);
    return !state || !mayGo(state);
  });
}

function pagesLeftOut(memory: PhysicalMemory): number[] {
  const pages: number[] = [];
  for (const { start, end } of memory.ranges) {
    for (let page = Math.ceil(start / PAGE_SIZE); (page + 1) * PAGE_SIZE <= end; page += 1) {
      if (!memory.has(pfn(page))) pages.push(page);
    }
  }
  return pages;
}
