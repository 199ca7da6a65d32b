// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import type { Seen } from '../../seen.ts';
import type { Btf } from './btf.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** The layout of `struct page`: offsets in bytes, and bits of its flags. */
export interface PageLayout {
  readonly bytes: number;
  readonly flags: number;
  readonly refcount: number;
  readonly mapcount: number;
  readonly mapping: number;
  readonly private: number;
  readonly compoundHead: number;
  readonly reservedBit: bigint;
  /** undefined in kernels where slab is a page type. */
  readonly slabBit: bigint | undefined;
  readonly types: readonly PageType[];
}

/** The type of a page that user space cannot map (`page_type`). */
type PageTypeName = 'buddy' | 'slab' | 'page table' | 'hugetlb' | 'offline';

interface PageType {
  readonly name: PageTypeName;
  readonly value: number;
}

/** Bytes of a `struct page`, at most; it has 64, or 80 with debugging. */
const STRUCT_PAGE_LIMIT = 256;

/** The names in VMCOREINFO of the values that `_mapcount` has for each type. */
const TYPE_NUMBERS: readonly (readonly [PageTypeName, string])[] = [
  ['buddy', 'PAGE_BUDDY_MAPCOUNT_VALUE'],
  ['slab', 'PAGE_SLAB_MAPCOUNT_VALUE'],
  ['hugetlb', 'PAGE_HUGETLB_MAPCOUNT_VALUE'],
  ['offline', 'PAGE_OFFLINE_MAPCOUNT_VALUE'],
];

/**
 * From 6.12 the type is the highest byte (`enum pagetype`), and the rest is up to the type. Before,
 * a type is a bit that is 0, and the bit of page tables differs between kernels.
 */
const PGTY_SHIFT = 24;
const PGTY_TABLE = 0xf2;

/** Where the layout is read from; BTF has what VMCOREINFO lacks. */
interface KernelTypes {
  readonly vmcoreinfo: Vmcoreinfo;
  readonly btf: Seen<Btf>;
}

/** Reads the layout. Throws `FormatError`. */
export function pageLayout(kernel: KernelTypes): PageLayout {
  const { vmcoreinfo } = kernel;
  const bytes = vmcoreinfo.size('page');
  const offset = (member: string, width: number): number => {
    const found = vmcoreinfo.offset(`page.${member}`);
    if (found !== undefined && bytes !== undefined && found + width <= bytes) return found;
    throw new FormatError(
      `Cannot read struct page: expected OFFSET(page.${member}) within SIZE(page) ` +
        `${bytes ?? 'none'}, found ${found ?? 'none'}`,
    );
  };
  if (bytes === undefined || bytes > STRUCT_PAGE_LIMIT) {
    throw new FormatError(
      `Cannot read struct page: expected SIZE(page) of at most ${STRUCT_PAGE_LIMIT}, ` +
        `found ${bytes ?? 'none'}`,
    );
  }
  // Renamed by Linux kernel commit 0139aa7b7fa1 ("mm: rename _count, field of the struct page, to
  // _refcount") (in v4.6).
  const isOld = vmcoreinfo.offset('page._count') !== undefined;
  const hasInfo = vmcoreinfo.offset('page.compound_info') !== undefined;
  return {
    bytes,
    flags: offset('flags', 8),
    refcount: offset(isOld ? '_count' : '_refcount', 4),
    mapcount: offset('_mapcount', 4),
    mapping: offset('mapping', 8),
    private: offset('private', 8),
    compoundHead: offset(hasInfo ? 'compound_info' : 'compound_head', 8),
    ...flagBits(kernel),
    types: pageTypes(vmcoreinfo),
  };
}

/** The type of a page by its `page_type`; undefined if it has none. */
export function pageTypeOf(word: number, { types }: PageLayout): PageTypeName | undefined {
  return types.find(({ value }) =>
    isByteType(value) ? word >>> PGTY_SHIFT === value >>> PGTY_SHIFT : word === value,
  )?.name;
}

function flagBits(kernel: KernelTypes): Pick<PageLayout, 'reservedBit' | 'slabBit'> {
  const slab = kernel.vmcoreinfo.number('PG_slab');
  const priv = kernel.vmcoreinfo.number('PG_private');
  // In every kernel PG_reserved is right before PG_private (include/linux/page-flags.h).
  const reserved =
    priv === undefined
      ? (kernel.btf.value?.enumerators('pageflags')?.get('PG_reserved') ?? Number.NaN)
      : priv - 1;
  const isBit = (bit: number): boolean => bit >= 0 && bit < 64;
  if (!isBit(reserved) || !isBit(slab ?? 0)) {
    throw new FormatError('Cannot read struct page: expected NUMBER(PG_private), found none');
  }
  return { reservedBit: BigInt(reserved), slabBit: slab === undefined ? undefined : BigInt(slab) };
}

function pageTypes(vmcoreinfo: Vmcoreinfo): PageType[] {
  const types = TYPE_NUMBERS.flatMap(([name, key]): PageType[] => {
    const value = vmcoreinfo.number(key);
    return value === undefined ? [] : [{ name, value: value >>> 0 }];
  });
  const buddy = types.find(({ name }) => name === 'buddy');
  if (!buddy || !isByteType(buddy.value)) return types;
  return [...types, { name: 'page table', value: (PGTY_TABLE << PGTY_SHIFT) >>> 0 }];
}

function isByteType(value: number): boolean {
  return (value & 0xffffff) === 0;
}
