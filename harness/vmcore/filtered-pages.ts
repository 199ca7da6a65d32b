// SPDX-License-Identifier: MIT
import { type Pfn, pfn } from '../memory/pfn.ts';
import { type PhysicalMemory, wholePages } from './dump/physical-memory.ts';
import {
  BUDDY_BLOCK_PAGES,
  type KernelSources,
  type PageState,
  pageReader,
} from './kernel/page-structs.ts';

/** What makedumpfile(8) `-d` leaves out by its use: cache, user data, offline memory. */
const MAY_GO: ReadonlySet<PageState['use']> = new Set([
  'anonymous',
  'page cache',
  'hugetlb',
  'offline',
]);

/**
 * The pages that a dump leaves out although, by their `struct page`, they are neither free nor
 * cache nor user data, ascending: dump level 31 omits such a page only if it is zero. Throws
 * `FormatError`.
 */
export function keptKindsLeftOut(kernel: KernelSources, memory: PhysicalMemory): Uint32Array {
  const absent = pagesLeftOut(memory);
  if (absent.length === 0) return new Uint32Array();
  const readPages = pageReader(kernel);
  // To makedumpfile any page on an LRU list is cache (`isLRU()`).
  const bit = kernel.vmcoreinfo.number('PG_lru');
  const lru = bit === undefined ? 0n : 1n << BigInt(bit);
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

function pagesLeftOut(memory: PhysicalMemory): Pfn[] {
  const pages: Pfn[] = [];
  for (const page of wholePages(memory)) if (!memory.has(page)) pages.push(page);
  return pages;
}
