// SPDX-License-Identifier: MIT
import { FormatError, MissingPageError } from '../../errors.ts';
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { PHYS_ADDR_LIMIT, type PhysAddr, hex, physAddr } from '../../memory/pfn.ts';
import { ByteReader } from '../dump/byte-reader.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** Page tables of an x86-64 kernel (Intel SDM volume 3, "4-Level Paging and 5-Level Paging"). */
export interface PageTables {
  /** The address of the top table, such as `init_top_pgt`. */
  readonly root: PhysAddr;
  /** With 3, the top is a table that maps the last 512 GiB alone, such as `level3_kernel_pgt`. */
  readonly levels: 3 | 4 | 5;
  /** The bit that says "encrypted" in an entry (`sme_me_mask`); 0 on most machines. */
  readonly encryptionMask: bigint;
}

/** What the entries on the way to a page allow the kernel to do there. */
export interface Access {
  readonly isWritable: boolean;
  readonly isExecutable: boolean;
}

/** The physical address of a virtual one, and how many bytes are contiguous from there. */
export interface Mapping extends Access {
  readonly paddr: PhysAddr;
  readonly bytes: number;
}

/** Nothing: the entry that says so, and how many bytes it leaves out from the address on. */
interface Hole {
  readonly level: number;
  readonly at: PhysAddr;
  readonly raw: bigint;
  readonly bytes: number;
}

const ENTRY_BYTES = 8;
const ENTRIES_MASK = 0x1ffn;
const PAGE_SHIFT = 12;
const BITS_PER_LEVEL = 9;
const PTE_PRESENT = 1n;
const PTE_RW = 2n;
const PTE_NX = 1n << 63n;
const PTE_PSE = 0x80n;
/** `PTE_PFN_MASK`: bits 12 to 51 of an entry. */
const PTE_PFN_MASK = 0xffffffffff000n;
/** Entries up to this level may be large pages: 2 MiB at 2, 1 GiB at 3. */
const HIGHEST_LARGE_LEVEL = 3;

/**
 * The names of the top page table, which all have one address. Before Linux kernel commit
 * 65ade2f872b4 ("x86/boot/64: Rename init_level4_pgt and early_level4_pgt") (in v4.13) it was
 * `init_level4_pgt`.
 */
const ROOT_SYMBOLS = ['swapper_pg_dir', 'init_top_pgt', 'init_level4_pgt'] as const;

/** The virtual address of the top page table; undefined if VMCOREINFO does not have it. */
export function pageTableSymbol(vmcoreinfo: Vmcoreinfo): bigint | undefined {
  for (const name of ROOT_SYMBOLS) {
    const symbol = vmcoreinfo.symbol(name);
    if (symbol !== undefined) return symbol;
  }
  return undefined;
}

/**
 * Finds the kernel's page tables by VMCOREINFO (`arch_crash_save_vmcoreinfo()`): they are in the
 * kernel image, which is at `phys_base`. Throws `FormatError`.
 */
export function kernelPageTables(
  vmcoreinfo: Vmcoreinfo,
  physBase = vmcoreinfo.number('phys_base'),
): PageTables {
  const symbol = pageTableSymbol(vmcoreinfo);
  if (symbol === undefined || physBase === undefined) throw lacking(vmcoreinfo, physBase);
  const root = symbol - START_KERNEL_MAP + BigInt(physBase);
  if (root < 0n || root >= BigInt(PHYS_ADDR_LIMIT) || root & 0xfffn) {
    throw new FormatError(
      `Cannot find the page tables: expected a page of memory, found the top one at ` +
        `${hex(symbol)} with phys_base ${physBase}`,
    );
  }
  return {
    root: physAddr(Number(root)),
    levels: vmcoreinfo.number('pgtable_l5_enabled') === 1 ? 5 : 4,
    encryptionMask: BigInt(vmcoreinfo.number('sme_mask') ?? 0),
  };
}

function lacking(vmcoreinfo: Vmcoreinfo, physBase: number | undefined): FormatError {
  const hasTables = pageTableSymbol(vmcoreinfo) !== undefined;
  const lacks = [
    ...(hasTables ? [] : ['SYMBOL(swapper_pg_dir)']),
    ...(physBase === undefined ? ['NUMBER(phys_base)'] : []),
  ];
  const isOld = hasTables && vmcoreinfo.fields.has('SYMBOL(phys_base)');
  const found = isOld ? 'its SYMBOL, as before 4.10, which no memory of the dump fits' : 'none';
  return new FormatError(
    `Cannot find the page tables: expected ${lacks.join(' and ')} in VMCOREINFO, found ${found}`,
  );
}

/**
 * Translates a virtual address as the processor does. Throws `MissingPageError` if nothing is
 * mapped there, `FormatError` if the address is not canonical or a table cannot be read.
 */
export function walkPageTables(memory: PhysicalMemory, tables: PageTables, vaddr: bigint): Mapping {
  const found = findMapping(memory, tables, vaddr);
  if ('paddr' in found) return found;
  throw new MissingPageError(
    `Cannot translate ${hex(vaddr)}: the level ${found.level} entry at ${hex(found.at)} ` +
      `is not present (${hex(found.raw)})`,
  );
}

/** The same, for who asks of addresses where often nothing is mapped. */
export function findMapping(
  memory: PhysicalMemory,
  tables: PageTables,
  vaddr: bigint,
): Mapping | Hole {
  requireCanonical(tables, vaddr);
  let table = tables.root;
  let access: Access = { isWritable: true, isExecutable: true };
  for (let level: number = tables.levels; ; level -= 1) {
    const shift = PAGE_SHIFT + (level - 1) * BITS_PER_LEVEL;
    const index = Number((vaddr >> BigInt(shift)) & ENTRIES_MASK);
    const raw = tableEntry(memory, table, index);
    const entry = raw & ~tables.encryptionMask;
    if (!(entry & PTE_PRESENT)) {
      const at = physAddr(table + index * ENTRY_BYTES);
      return { level, at, raw, bytes: bytesFrom(vaddr, shift) };
    }
    access = narrowed(access, entry);
    const isLarge = level <= HIGHEST_LARGE_LEVEL && (entry & PTE_PSE) !== 0n;
    if (level === 1 || isLarge) return { ...mappingOf(entry, shift, vaddr), ...access };
    table = physAddr(Number(entry & PTE_PFN_MASK));
  }
}

/** Every entry on the way has a say. */
function narrowed({ isWritable, isExecutable }: Access, entry: bigint): Access {
  return {
    isWritable: isWritable && (entry & PTE_RW) !== 0n,
    isExecutable: isExecutable && (entry & PTE_NX) === 0n,
  };
}

/** Bytes from the address to the end of what one entry maps. */
function bytesFrom(vaddr: bigint, shift: number): number {
  return 2 ** shift - Number(BigInt.asUintN(shift, vaddr));
}

/** An entry of a page table. Throws `FormatError` if it cannot be read. */
export function tableEntry(memory: PhysicalMemory, table: PhysAddr, index: number): bigint {
  const at = physAddr(table + index * ENTRY_BYTES);
  return new ByteReader(memory.read(at, ENTRY_BYTES), 'a page table entry', at).u64();
}

/** Where the last entry of a top page table leads: to the kernel image, in the tables of all tasks. */
export function topEntry(memory: PhysicalMemory, root: PhysAddr): bigint {
  return tableEntry(memory, root, Number(ENTRIES_MASK)) & PTE_PFN_MASK;
}

function mappingOf(entry: bigint, shift: number, vaddr: bigint): Omit<Mapping, keyof Access> {
  const offset = BigInt.asUintN(shift, vaddr);
  // A large page has its PAT bit and reserved bits below its address.
  const base = ((entry & PTE_PFN_MASK) >> BigInt(shift)) << BigInt(shift);
  return { paddr: physAddr(Number(base | offset)), bytes: bytesFrom(vaddr, shift) };
}

function requireCanonical({ levels }: PageTables, vaddr: bigint): void {
  const bits = PAGE_SHIFT + levels * BITS_PER_LEVEL;
  if (BigInt.asUintN(64, BigInt.asIntN(bits, vaddr)) === vaddr) return;
  throw new FormatError(
    `Cannot translate ${hex(vaddr)}: expected a canonical address of ${bits} bits`,
  );
}
