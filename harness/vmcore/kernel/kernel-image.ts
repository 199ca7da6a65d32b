// SPDX-License-Identifier: MIT
/**
 * Finds a kernel in memory by its page tables, which every x86-64 kernel image brings along:
 * `level3_kernel_pgt` maps the last 512 GiB, of which only the image and the fixmap are used
 * (arch/x86/kernel/head_64.S).
 */
import { FormatError } from '../../errors.ts';
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import {
  PAGE_SIZE,
  type PhysAddr,
  type VirtAddr,
  hex,
  physAddr,
  virtAddr,
} from '../../memory/pfn.ts';
import { type PhysRange, covers, physRange } from '../../memory/phys-range.ts';
import { rangesOfPages } from '../../memory/page-map.ts';
import { seeing } from '../../seen.ts';
import type { CpuState } from '../dump/monitor-registers.ts';
import { type PhysicalMemory, pagesThere } from '../dump/physical-memory.ts';
import { type PageTables, tableEntry, walkPageTables } from './page-tables.ts';

/** A kernel image in memory. */
export interface KernelImage {
  /** Where it begins (`_text`). */
  readonly text: VirtAddr;
  readonly paddr: PhysAddr;
  /** Page tables that map it: those of a CPU, or the image's own part alone, with 3 levels. */
  readonly tables: PageTables;
  readonly by: 'page tables of a CPU' | 'search';
}

/** Which of several kernels in memory is meant. */
export interface KernelHint {
  /** Where a capture kernel would be. */
  readonly crashkernel: readonly PhysRange[];
  /** Whether it is the capture kernel that died. */
  readonly capture: boolean;
}

const LAST = 511;
/** The entry of `level3_kernel_pgt` for `START_KERNEL_MAP`: `L3_START_KERNEL`. */
const L3_START_KERNEL = 510;
const ENTRY_BYTES = 8;
const PTE_PRESENT = 1;
/** Kernel images lie within 1 GiB (`KERNEL_IMAGE_SIZE`), mapped by pages of 2 MiB. */
const LARGE_PAGE_BYTES = 0x20_0000;
const LARGE_PAGES = 512;

/** With page table isolation this bit of CR3 is set in user space (`PTI_USER_PGTABLE_BIT`). */
const PTI_USER_PGTABLE = 0x1000;
/** `CR3_ADDR_MASK`. */
const CR3_ADDR_MASK = 0xffffffffff000n;

/** Kernels in memory, at most; a machine has two. */
const IMAGE_LIMIT = 16;
/** Bytes read at once. */
const CHUNK_BYTES = 256 * PAGE_SIZE;

/**
 * Finds the kernel that the CPUs run; if none of them has a kernel's page tables (it was reset, is in
 * the firmware or in user space), the one in memory that fits the hint best. Throws `FormatError`.
 */
export function findKernelImage(
  memory: PhysicalMemory,
  cpus: readonly CpuState[],
  hint: KernelHint,
): KernelImage {
  for (const { cr3, levels } of cpus) {
    const root = Number(cr3 & CR3_ADDR_MASK);
    const kernelRoot = root % (2 * PTI_USER_PGTABLE) === 0 ? root : root - PTI_USER_PGTABLE;
    for (const at of new Set([root, kernelRoot])) {
      const found = seeing(() => imageOfRoot(memory, physAddr(at), levels)).value;
      if (found) return found;
    }
  }
  const images = searchImages(memory);
  const fitting = images.find(({ paddr }) => isInside(hint.crashkernel, paddr) === hint.capture);
  const found = fitting ?? images[0];
  if (found) return found;
  throw new FormatError(
    'Cannot find a kernel in memory: expected its page tables, found none in any CPU and none ' +
      'in memory; it was not unpacked yet, or was overwritten',
  );
}

/** Whether the address lies in one of the ranges. */
export function isInside(ranges: readonly PhysRange[], paddr: PhysAddr): boolean {
  return covers(ranges, physRange(paddr, paddr + 1));
}

/** The image that page tables map. Throws `FormatError` if they map none. */
function imageOfRoot(memory: PhysicalMemory, root: PhysAddr, levels: 4 | 5): KernelImage {
  let table = root;
  for (let level: number = levels; level > 3; level -= 1) table = tableAt(memory, table, LAST);
  const tables = { root, levels, encryptionMask: 0n };
  return { ...imageOfLevel3(memory, table), tables, by: 'page tables of a CPU' };
}

/** Looks at every page of memory; a page that was never written to cannot be a page table. */
function searchImages(memory: PhysicalMemory): KernelImage[] {
  const images: KernelImage[] = [];
  for (const root of level3Tables(memory)) {
    const found = seeing(() => imageOfLevel3(memory, root)).value;
    const tables = { root, levels: 3, encryptionMask: 0n } as const;
    if (found) images.push({ ...found, tables, by: 'search' });
    if (images.length === IMAGE_LIMIT) break;
  }
  return images;
}

/** The pages that look like a `level3_kernel_pgt`. */
function* level3Tables(memory: PhysicalMemory): Generator<PhysAddr> {
  for (const { start, end } of rangesOfPages(pagesThere(memory))) {
    for (let at: number = start; at < end; at += CHUNK_BYTES) {
      const bytes = seeing(() => memory.read(physAddr(at), Math.min(CHUNK_BYTES, end - at))).value;
      for (const offset of sparsePages(bytes ?? new Uint8Array())) yield physAddr(at + offset);
    }
  }
}

/** The offsets of pages that have nothing but the last two entries. */
function* sparsePages(bytes: Uint8Array): Generator<number> {
  for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
    const [first, second] = [at + L3_START_KERNEL * ENTRY_BYTES, at + LAST * ENTRY_BYTES];
    if (!((bytes[first] ?? 0) & (bytes[second] ?? 0) & PTE_PRESENT)) continue;
    if (bytes.subarray(at, first).every((byte) => byte === 0)) yield at;
  }
}

/**
 * The image that a `level3_kernel_pgt` maps. The table must itself lie in that image, which nothing
 * else in memory does: what looks like it is a copy, or not set up yet.
 */
function imageOfLevel3(
  memory: PhysicalMemory,
  level3: PhysAddr,
): Pick<KernelImage, 'text' | 'paddr'> {
  const level2 = tableAt(memory, level3, L3_START_KERNEL);
  const tables = { root: level3, levels: 3, encryptionMask: 0n } as const;
  for (let index = 0; index < LARGE_PAGES; index += 1) {
    if (!(tableEntry(memory, level2, index) & BigInt(PTE_PRESENT))) continue;
    const text = virtAddr(START_KERNEL_MAP + BigInt(index * LARGE_PAGE_BYTES));
    const { paddr } = walkPageTables(memory, tables, text);
    const self = text + BigInt(level3 - paddr);
    if (level3 > paddr && walkPageTables(memory, tables, self).paddr === level3) {
      return { text, paddr };
    }
    break;
  }
  throw new FormatError(
    `Cannot find a kernel image by the table at ${hex(level3)}: expected one that maps itself`,
  );
}

function tableAt(memory: PhysicalMemory, table: PhysAddr, index: number): PhysAddr {
  const entry = tableEntry(memory, table, index);
  if (entry & BigInt(PTE_PRESENT)) return physAddr(Number(entry & CR3_ADDR_MASK));
  throw new FormatError(
    `Cannot find a kernel image: entry ${index} of ${hex(table)} is not present`,
  );
}
