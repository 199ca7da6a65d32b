// SPDX-License-Identifier: MIT
import { type BuiltKernel, writeWords } from './kernel-builder.ts';

/** A `struct page`; members left out are 0, or -1 for `pageType`. */
export interface PageSpec {
  readonly flags?: bigint;
  readonly compound?: bigint;
  readonly mapping?: bigint;
  readonly order?: number;
  readonly pageType?: number;
  readonly refcount?: number;
}

const STRUCT_PAGE_BYTES = 64;

/** The layout of `struct page` in kernels from 5.10 to 7.3. */
const VMCOREINFO = [
  `SIZE(page)=${STRUCT_PAGE_BYTES}`,
  ...[
    'flags)=0',
    'compound_head)=8',
    'mapping)=24',
    'private)=40',
    '_mapcount)=48',
    '_refcount)=52',
  ].map((member) => `OFFSET(page.${member}`),
  'NUMBER(PG_private)=14',
];

/** Page types as a byte; and as a bit that is 0, with a flag for slab. */
export const BYTE_TYPES = [
  'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=4026531840',
  'NUMBER(PAGE_SLAB_MAPCOUNT_VALUE)=4110417920',
];
export const BIT_TYPES = ['NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129', 'NUMBER(PG_slab)=9'];

/** Writes 256 pages at an offset; those not given are reserved. */
export function addPages(
  { ram, lines }: BuiltKernel,
  at: number,
  pages: Readonly<Record<number, PageSpec>>,
): void {
  for (let index = 0; index < 256; index += 1) {
    const {
      flags = 0n,
      compound = 0n,
      mapping = 0n,
      order = 0,
      pageType = 0xffffffff,
      refcount = 0,
    } = pages[index] ?? { flags: 1n << 13n, refcount: 1 };
    const start = at + index * STRUCT_PAGE_BYTES;
    writeWords(ram, start, [flags, compound, 0, mapping, 0, order]);
    ram.writeUInt32LE(pageType, start + 48);
    ram.writeInt32LE(refcount, start + 52);
  }
  lines.push(...VMCOREINFO);
}
