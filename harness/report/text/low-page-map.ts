// SPDX-License-Identifier: MIT
import type { PageState } from '../../vmcore/kernel/page-structs.ts';
import { type Format, type Style, paint } from './style.ts';
import { renderSignMap } from './page-map-text.ts';

interface Sign {
  readonly symbol: string;
  readonly format: Format;
}

/** The sign of a page, by its `struct page`. */
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

/** The meaning of a sign where its name is not enough. */
const MEANINGS: Readonly<Partial<Record<keyof typeof SIGNS, string>>> = {
  free: 'free: the page allocator has it',
  unreferenced: 'unreferenced: on its way to or from the page allocator',
  unknown: 'in use, its struct page does not say by whom: the kernel, a driver',
  reserved: 'reserved: never given to the page allocator',
};

/** A map of the pages below 1 MiB by their use, in rows of 256 KiB, and a legend. */
export function renderLowPages(pages: readonly PageState[], style: Style): string[] {
  const names = pages.map((page) => page.use ?? (page.class === 'used' ? 'unknown' : page.class));
  const symbols = names.map((name) => paint(SIGNS[name].symbol, SIGNS[name].format, style));
  const legend = [...new Set(names)].map((name) => {
    const { symbol, format } = SIGNS[name];
    return `  ${paint(symbol, format, style)}  ${MEANINGS[name] ?? name}`;
  });
  return [...renderSignMap(symbols), '', ...legend];
}
