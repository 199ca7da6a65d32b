// SPDX-License-Identifier: MIT
import type { PageState } from '../../vmcore/kernel/page-structs.ts';
import { type Format, type Style, paint } from './style.ts';
import { renderSignMap } from './page-map.ts';

interface Sign {
  readonly symbol: string;
  readonly format: Format;
}

/** What stands for a page by what its `struct page` says of it. */
const SIGNS = {
  reserved: { symbol: 'r', format: 'gray' },
  absent: { symbol: '-', format: 'magenta' },
  free: { symbol: '.', format: 'white' },
  slab: { symbol: 's', format: 'cyan' },
  'page table': { symbol: 't', format: 'green' },
  hugetlb: { symbol: 'h', format: 'blue' },
  offline: { symbol: 'o', format: 'yellow' },
  anonymous: { symbol: 'a', format: 'blue' },
  'page cache': { symbol: 'c', format: 'blue' },
  unreferenced: { symbol: '0', format: 'white' },
  unknown: { symbol: 'u', format: 'yellow' },
} as const satisfies Record<
  Exclude<PageState['class'], 'used'> | NonNullable<PageState['use']>,
  Sign
>;

/** What a sign means beyond its name. */
const MEANINGS: Readonly<Partial<Record<keyof typeof SIGNS, string>>> = {
  free: 'free: the page allocator has it',
  unreferenced: 'nobody refers to it: on the way to the page allocator, or from it',
  unknown: 'in use by whom its struct page does not tell: the kernel, a driver',
  reserved: 'reserved: never given to the page allocator',
};

/** The pages below 1 MiB by what they are used for, in rows of 256 KiB, and what the symbols mean. */
export function renderLowPages(pages: readonly PageState[], style: Style): string[] {
  const names = pages.map((page) => page.use ?? (page.class === 'used' ? 'unknown' : page.class));
  const symbols = names.map((name) => paint(SIGNS[name].symbol, SIGNS[name].format, style));
  const legend = [...new Set(names)].map((name) => {
    const { symbol, format } = SIGNS[name];
    return `  ${paint(symbol, format, style)}  ${MEANINGS[name] ?? name}`;
  });
  return [...renderSignMap(symbols), '', ...legend];
}
