// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { PAGE_SIZE, hex, pfn } from '../../memory/pfn.ts';
import { seeing } from '../../seen.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';
import type { FoundKernel } from './dead-image.ts';
import { pageCandidates } from './derived-vmcoreinfo.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { KernelImage } from './kernel-image.ts';
import { type PageLayout, pageTypeOf } from './page-layout.ts';
import { BUDDY_BLOCK_PAGES, openPageArray, pageReader, readLowPages } from './page-structs.ts';

/** Where free pages are looked for: blocks of 4 MiB, one in each 64 MiB of the first 16 GiB. */
const SAMPLE_STEP = 16 * BUDDY_BLOCK_PAGES;
const SAMPLES = 256;

/** Orders of blocks that are aligned within the sampled ones. */
const ORDERS = Math.log2(BUDDY_BLOCK_PAGES) + 1;

/** Lowest bits of `page.flags` that are flags in every kernel; then, or later, other fields begin. */
const FLAG_BITS = 20;

/**
 * The class of each of the 256 pages below 1 MiB. Throws `FormatError`, also if the page allocator
 * did not have them yet: until then a `struct page`, where there is one, says nothing about who owns
 * the page.
 */
export function readDeadPages(found: FoundKernel, kallsyms: Kallsyms): PageClass[] {
  requireAllocator(found, kallsyms);
  const { memory, btf } = found.kernel;
  const vmcoreinfo = pageVmcoreinfo(found);
  const kernel = { memory, kallsyms: found.kernel.kallsyms, btf, vmcoreinfo };
  return readLowPages(kernel).map((page) => page.class);
}

/** The VMCOREINFO by which `struct page` can be read. Throws `FormatError` if none is right. */
export function pageVmcoreinfo({ kernel, image, note }: FoundKernel): Vmcoreinfo {
  if (note.value) return note.value;
  const { memory, btf, kallsyms } = kernel;
  const sources = { memory, btf, kallsyms };
  const candidates = pageCandidates(btf.value, reservedBit(sources, image)).map((vmcoreinfo) => ({
    vmcoreinfo,
    free: countFree({ ...sources, vmcoreinfo }),
  }));
  const best = candidates.toSorted((a, b) => b.free - a.free)[0];
  if (best && best.free > 0) return best.vmcoreinfo;
  throw new FormatError(
    'Cannot read struct page: expected free pages in one of the layouts known, found none',
  );
}

type Sources = Parameters<typeof readLowPages>[0];

/** `memblock_free_all()` gives all memory away, and then counts it in `_totalram_pages`. */
function requireAllocator({ kernel }: FoundKernel, kallsyms: Kallsyms): void {
  const { memory } = kernel;
  if (memory.u64(kallsyms.requireAddress('_totalram_pages')) > 0n) return;
  const base = kallsyms.address('vmemmap_base');
  const hasPages = base !== undefined && seeing(() => memory.u64(memory.u64(base))).value !== null;
  throw new FormatError(
    hasPages
      ? 'The kernel had not given its memory to the page allocator yet (_totalram_pages is 0)'
      : 'The kernel had not made its struct pages yet',
  );
}

/** `PG_reserved` is the one flag of the pages of the kernel's own text. */
function reservedBit(sources: Omit<Sources, 'vmcoreinfo'>, image: KernelImage): number {
  const [anyLayout] = pageCandidates(sources.btf.value, 0);
  const page = image.paddr / PAGE_SIZE;
  const first = page - (page % BUDDY_BLOCK_PAGES);
  const read = pageReader({ ...sources, vmcoreinfo: anyLayout as Vmcoreinfo });
  const text = read(pfn(first), page - first + 1).at(-1);
  const flags = BigInt.asUintN(FLAG_BITS, text?.flags ?? 0n);
  const bit = flags.toString(2).length - 1;
  if (flags === 1n << BigInt(bit)) return bit;
  throw new FormatError(
    `Cannot read struct page: expected one flag on the kernel's text, found ${hex(flags)}`,
  );
}

/** How many pages are the first of a free block, and aligned to it, by a layout. */
function countFree(kernel: Sources): number {
  const array = seeing(() => openPageArray(kernel)).value;
  if (!array) return 0;
  let free = 0;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    // There are no struct pages of what is not memory.
    const bytes = seeing(() => array.read(pfn(sample * SAMPLE_STEP), BUDDY_BLOCK_PAGES)).value;
    if (bytes) free += freeBlocks(bytes, array.layout);
  }
  return free;
}

/** How many of the pages of a largest block are the first of a free one. */
function freeBlocks(bytes: Uint8Array, layout: PageLayout): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let free = 0;
  for (let page = 0; page < BUDDY_BLOCK_PAGES; page += 1) {
    const at = page * layout.bytes;
    if (pageTypeOf(view.getUint32(at + layout.mapcount, true), layout) !== 'buddy') continue;
    const order = view.getUint32(at + layout.private, true);
    if (order < ORDERS && page % 2 ** order === 0) free += 1;
  }
  return free;
}
