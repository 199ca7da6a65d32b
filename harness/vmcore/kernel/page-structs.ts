// SPDX-License-Identifier: MIT
/** Classifies pages by their `struct page`, as `/proc/kpageflags` does (`stable_page_flags()`). */
import { FormatError } from '../../errors.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { LOW_PAGES, PAGE_SIZE, type Pfn, pfn } from '../../memory/pfn.ts';
import type { PhysRange } from '../../memory/phys-range.ts';
import { type Seen, seeing } from '../../seen.ts';
import type { Btf } from './btf.ts';
import type { Kallsyms } from './kallsyms.ts';
import { type PageLayout, pageLayout, pageTypeOf } from './page-layout.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** What a page in use is used for; `unknown` if its `struct page` does not say. */
type PageUse =
  | 'slab'
  | 'page table'
  | 'hugetlb'
  | 'offline'
  | 'anonymous'
  | 'page cache'
  | 'unreferenced'
  | 'unknown';

/** A page by its `struct page`. */
export interface PageState {
  readonly class: PageClass;
  /** null unless it is `used`. */
  readonly use: PageUse | null;
  readonly flags: bigint;
  readonly refcount: number;
}

/** What pages are read from. */
export interface KernelSources {
  readonly memory: VirtualMemory;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly kallsyms: Seen<Kallsyms>;
  readonly btf: Seen<Btf>;
}

/** Orders of the buddy allocator (`MAX_PAGE_ORDER` + 1). */
const BUDDY_ORDERS = 11;

/** Pages of its largest block, to which blocks are aligned. */
export const BUDDY_BLOCK_PAGES = 2 ** (BUDDY_ORDERS - 1);

/** The bit of `page.mapping` that says anonymous. */
const PAGE_MAPPING_ANON = 1n;

/** Reads `count` pages from `first`, a multiple of `BUDDY_BLOCK_PAGES`. Throws `FormatError`. */
export type PageReader = (first: Pfn, count: number) => PageState[];

/** Reads the 256 pages below 1 MiB. Throws `FormatError`. */
export function readLowPages(kernel: KernelSources): PageState[] {
  return pageReader(kernel)(pfn(0), LOW_PAGES);
}

/** Finds the kernel's `struct page`s. Throws `FormatError`. */
export function pageReader(kernel: KernelSources): PageReader {
  const array = openPageArray(kernel);
  const { layout } = array;
  return (first, count) => {
    const bytes = array.read(first, count);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const pages = Array.from({ length: count }, (_, index) =>
      rawPage(view, index * layout.bytes, layout),
    );
    return pages.map((page, index) => ({ ...classify(pages, index, layout), ...shown(page) }));
  };
}

/** How many pages of such areas are not reserved. */
export function countUnreserved(
  read: (first: Pfn, count: number) => readonly Pick<PageState, 'class'>[],
  areas: readonly PhysRange[],
): number {
  const block = BUDDY_BLOCK_PAGES * PAGE_SIZE;
  let count = 0;
  for (const { start, end } of areas) {
    for (let at = start - (start % block); at < end; at += block) {
      const pages = read(pfn(at / PAGE_SIZE), Math.min(block, end - at) / PAGE_SIZE);
      const inside = pages.slice(Math.max(0, start - at) / PAGE_SIZE);
      count += inside.filter((page) => page.class !== 'reserved').length;
    }
  }
  return count;
}

/** The array of `struct page`, as it is. */
interface PageArray {
  readonly layout: PageLayout;
  readonly read: (first: Pfn, count: number) => Uint8Array;
}

/** Finds the kernel's `struct page`s. Throws `FormatError`. */
export function openPageArray(kernel: KernelSources): PageArray {
  const layout = pageLayout(kernel);
  const vmemmap = findPageArray(kernel, layout.bytes * LOW_PAGES);
  return {
    layout,
    read: (first, count) =>
      kernel.memory.read(vmemmap + BigInt(first * layout.bytes), count * layout.bytes),
  };
}

/** Finds the array of `struct page`: the first candidate that can be read. */
function findPageArray(kernel: KernelSources, length: number): bigint {
  const tried: string[] = [];
  for (const find of VMEMMAPS) {
    const found = seeing(() => {
      const vmemmap = find(kernel);
      if (vmemmap !== undefined) kernel.memory.read(vmemmap, length);
      return vmemmap;
    });
    if ('why' in found) tried.push(found.why);
    else if (found.value !== undefined) return found.value;
  }
  throw new FormatError(
    `Cannot read struct page: expected it at SYMBOL(vmemmap) or vmemmap_base; ` +
      (tried[0] ?? 'found neither'),
  );
}

const VMEMMAPS: readonly ((kernel: KernelSources) => bigint | undefined)[] = [
  ({ vmcoreinfo }) => vmcoreinfo.symbol('vmemmap'),
  findByMemSection,
  ({ kallsyms, memory }) => {
    const base = kallsyms.value?.address('vmemmap_base');
    return base && memory.u64(base);
  },
  // `__VMEMMAP_BASE_L4` and `__VMEMMAP_BASE_L5` (arch/x86/include/asm/pgtable_64_types.h).
  () => 0xffffea0000000000n,
  () => 0xffd4000000000000n,
];

/** `section_mem_map` of the first section, that of low memory: the array, and flags in low bits. */
function findByMemSection({ vmcoreinfo, memory }: KernelSources): bigint | undefined {
  const sections = vmcoreinfo.symbol('mem_section');
  const offset = vmcoreinfo.offset('mem_section.section_mem_map');
  if (sections === undefined || offset === undefined) return undefined;
  const map = memory.u64(memory.u64(sections) + BigInt(offset));
  const array = map - BigInt.asUintN(SECTION_FLAG_BITS, map);
  return array % SECTION_ARRAY_BYTES === 0n ? array : undefined;
}

/** Low bits of `section_mem_map` that may be flags; there are fewer (`SECTION_MAP_LAST_BIT`). */
const SECTION_FLAG_BITS = 12;
/** Bytes of `struct page`, at least, of a section of 128 MiB: the array is aligned to that. */
const SECTION_ARRAY_BYTES = 0x20_0000n;

interface RawPage {
  readonly flags: bigint;
  readonly refcount: number;
  /** The word of `_mapcount`, which is `page_type` if user space cannot map the page. */
  readonly pageType: number;
  readonly mapping: bigint;
  readonly order: bigint;
  /** `compound_head`: the lowest bit marks a tail. */
  readonly compound: bigint;
}

function rawPage(view: DataView, at: number, layout: PageLayout): RawPage {
  return {
    flags: view.getBigUint64(at + layout.flags, true),
    refcount: view.getInt32(at + layout.refcount, true),
    pageType: view.getUint32(at + layout.mapcount, true),
    mapping: view.getBigUint64(at + layout.mapping, true),
    order: view.getBigUint64(at + layout.private, true),
    compound: view.getBigUint64(at + layout.compoundHead, true),
  };
}

function shown({ flags, refcount }: RawPage): { flags: bigint; refcount: number } {
  return { flags, refcount };
}

function classify(
  pages: readonly RawPage[],
  index: number,
  layout: PageLayout,
): Pick<PageState, 'class' | 'use'> {
  const page = pages[index];
  // Never initialised, and so filled with ones (`PAGE_POISON_PATTERN`).
  if (!page || page.flags === ALL_ONES) return { class: 'absent', use: null };
  if ((page.flags >> layout.reservedBit) & 1n) return { class: 'reserved', use: null };
  if (isFree(pages, index, layout)) return { class: 'free', use: null };
  return { class: 'used', use: useOf(headOf(pages, index), layout) };
}

const ALL_ONES = 0xffffffffffffffffn;

/** `is_free_buddy_page()`: the page, or the head of a block around it, is the buddy allocator's. */
function isFree(pages: readonly RawPage[], index: number, layout: PageLayout): boolean {
  return Array.from({ length: BUDDY_ORDERS }, (_, order) => order).some((order) => {
    const head = pages[index - (index % 2 ** order)];
    return head && pageTypeOf(head.pageType, layout) === 'buddy' && head.order >= BigInt(order);
  });
}

/** The page itself, or the head of the block if it is a tail and the head is among these pages. */
function headOf(pages: readonly RawPage[], index: number): RawPage | undefined {
  const page = pages[index];
  if (!page || !(page.compound & 1n)) return page;
  // The words of a tail mean other things. The head is the nearest page before that is no tail.
  for (let head = index - 1; head >= 0; head -= 1) {
    if (!((pages[head]?.compound ?? 0n) & 1n)) return pages[head];
  }
  return page;
}

function useOf(page: RawPage | undefined, layout: PageLayout): PageUse {
  if (!page) return 'unknown';
  const type = pageTypeOf(page.pageType, layout);
  if (layout.slabBit !== undefined && (page.flags >> layout.slabBit) & 1n) return 'slab';
  if (type !== undefined && type !== 'buddy') return type;
  if (page.refcount === 0) return 'unreferenced';
  if (page.mapping & PAGE_MAPPING_ANON) return 'anonymous';
  if (page.mapping !== 0n) return 'page cache';
  return 'unknown';
}
