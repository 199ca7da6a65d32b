// SPDX-License-Identifier: MIT
/** Where in memory a kernel image is: what proves it, and what tells in dumps of old kernels. */
import { FormatError } from '../../errors.ts';
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { PAGE_SIZE, PHYS_ADDR_LIMIT, pfn, physAddr } from '../../memory/pfn.ts';
import { seeing } from '../../seen.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';
import { kernelPageTables, pageTableSymbol, walkPageTables } from './page-tables.ts';

/** `phys_base` is a multiple of 2 MiB (`__startup_64()` hangs if it is not). */
const ALIGNMENT = 2 ** 21;

/** Places to look for the variable: with one each 2 MiB, those in 128 GiB. */
const PLACES_LIMIT = 65_536;

/**
 * Finds `phys_base`: by VMCOREINFO, else the first of `told`, which the headers of a dump say, that
 * leads to page tables, else by the variable itself. VMCOREINFO has its value since Linux kernel
 * commit 401721ecd1dc ("kexec: export the value of phys_base instead of symbol address") (in
 * v4.10), before that its address. Throws `FormatError`.
 */
export function findPhysBase(
  memory: PhysicalMemory,
  vmcoreinfo: Vmcoreinfo,
  told: readonly number[] = [],
): number | undefined {
  const given = vmcoreinfo.number('phys_base');
  if (given !== undefined || pageTableSymbol(vmcoreinfo) === undefined) return given;
  // It is 0 where nothing moved the kernel but its own KASLR before 4.8.
  for (const physBase of [...told, 0]) {
    if (mapsItself(memory, vmcoreinfo, physBase)) return physBase;
  }
  const symbol = vmcoreinfo.symbol('phys_base');
  if (symbol === undefined) return undefined;
  for (const physBase of basesThatNameThemselves(memory, Number(symbol - START_KERNEL_MAP))) {
    if (mapsItself(memory, vmcoreinfo, physBase)) return physBase;
  }
  return undefined;
}

/** Whether a kernel at `physBase` has page tables that map them, and the kernel, to where they are. */
export function mapsItself(
  memory: PhysicalMemory,
  vmcoreinfo: Vmcoreinfo,
  physBase: number,
): boolean {
  try {
    const tables = kernelPageTables(vmcoreinfo, physBase);
    const symbols = [pageTableSymbol(vmcoreinfo), vmcoreinfo.symbol('_stext')];
    return symbols.every((symbol) => {
      if (symbol === undefined) return true;
      const expected = Number(symbol - START_KERNEL_MAP) + physBase;
      return walkPageTables(memory, tables, symbol).paddr === expected;
    });
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

/** The values of `phys_base` which a variable, `offset` into the image, has where they put it. */
function* basesThatNameThemselves(memory: PhysicalMemory, offset: number): Generator<number> {
  if (offset < 0) return;
  let left = PLACES_LIMIT;
  for (const { start, end } of memory.ranges) {
    let physBase = Math.ceil((start - offset) / ALIGNMENT) * ALIGNMENT;
    for (; offset + physBase + 8 <= end && left > 0; physBase += ALIGNMENT, left -= 1) {
      if (readWord(memory, offset + physBase) === BigInt(physBase)) yield physBase;
    }
  }
}

/** undefined if the page is not there, which most places of a hostile dump are. */
function readWord(memory: PhysicalMemory, at: number): bigint | undefined {
  if (at < 0 || at + 8 > PHYS_ADDR_LIMIT || !memory.has(pfn(Math.floor(at / PAGE_SIZE)))) {
    return undefined;
  }
  // A page that is there may not decompress.
  const bytes = seeing(() => memory.read(physAddr(at), 8)).value;
  return bytes
    ? new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getBigInt64(0, true)
    : undefined;
}
