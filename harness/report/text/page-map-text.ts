// SPDX-License-Identifier: MIT
import type { PageClass } from '../../memory/kpageflags.ts';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import { OWNERS, type Owner } from '../../model/owners.ts';
import { type CellPage, disagrees } from './cell-pages.ts';
import { type Format, type Style, paint } from './style.ts';

/** Pages in a row: 256 KiB. */
export const ROW_PAGES = 64;

/** Pages between two gaps of a row: 64 KiB. */
export const GROUP_PAGES = 16;

/** What a page is shown as: by its predicted owner, or else by what it was seen as. */
export type SignName = Owner | `seen-${PageClass}` | 'unknown';

/** What stands for a page in a map. */
export interface Sign {
  readonly name: SignName;
  readonly symbol: string;
  readonly format: Format;
  readonly is: string;
}

const OWNER_FORMATS: Readonly<Record<Owner, Format>> = {
  firmware: 'magenta',
  page0: 'yellow',
  bios: 'blue',
  'boot-services': 'red',
  kernel: 'blue',
  trampoline: 'green',
  lock: 'cyan',
  reserved: 'gray',
  pool: 'yellow',
  undecided: 'white',
  free: 'white',
};

/** What stands for a page of which nothing is predicted. */
const CLASS_SYMBOLS: Readonly<Record<PageClass, string>> = {
  reserved: '#',
  absent: '-',
  free: '+',
  used: '*',
};

const UNKNOWN: Sign = {
  name: 'unknown',
  symbol: '?',
  format: 'white',
  is: 'unknown: neither predicted nor observed',
};

/** Stands beneath a page that was not observed as predicted. */
const MARK = '^';
const MARKED: Format = ['red', 'inverse'];

/** The pages by predicted owner in rows of 256 KiB; marks beneath some, by default those not observed as predicted. */
export function renderPageMap(
  pages: readonly CellPage[],
  style: Style,
  isMarked = (page: number): boolean => pages[page] !== undefined && disagrees(pages[page]),
): string[] {
  const symbols = pages.map((page) => pageSymbol(page, style));
  return renderSignMap(
    symbols,
    pages.map((_, page) => (isMarked(page) ? MARK : ' ')),
  );
}

/** A symbol for each page in rows of 256 KiB; beneath a row its marks, if it has one. */
export function renderSignMap(symbols: readonly string[], marks: readonly string[] = []): string[] {
  const offsets = Array.from({ length: ROW_PAGES / GROUP_PAGES }, (_, group) =>
    `+${hex(group * GROUP_PAGES * PAGE_SIZE)}`.padEnd(GROUP_PAGES),
  );
  const lines = [mapLine('', offsets)];
  for (let first = 0; first < symbols.length; first += ROW_PAGES) {
    const address = `0x${(first * PAGE_SIZE).toString(16).padStart(5, '0')}`;
    lines.push(mapLine(address, groups(symbols.slice(first, first + ROW_PAGES))));
    const beneath = marks.slice(first, first + ROW_PAGES);
    if (beneath.includes(MARK)) lines.push(mapLine('', groups(beneath)));
  }
  return lines;
}

/** What each symbol means that occurs in a map of these pages. */
export function renderLegend(pages: readonly CellPage[], style: Style): string[] {
  const signs = signsOf(pages).map(
    ({ symbol, format, is }) => `  ${paint(symbol, format, style)}  ${is}`,
  );
  const marks = pages.some(disagrees) ? [`  ${MARK}  not observed as predicted`] : [];
  return [...signs, ...marks];
}

/** The signs that occur in a map of these pages, in the order in which they come first. */
export function signsOf(pages: readonly CellPage[]): Sign[] {
  return [...new Map(pages.map(signOf).map((sign) => [sign.name, sign])).values()];
}

/** What stands for a page. */
export function signOf({ predicted, observed }: CellPage): Sign {
  if (predicted !== null) {
    return { ...OWNERS[predicted], name: predicted, format: OWNER_FORMATS[predicted] };
  }
  if (observed === null) return UNKNOWN;
  return {
    name: `seen-${observed}`,
    symbol: CLASS_SYMBOLS[observed],
    format: 'white',
    is: `${observed}; not predicted`,
  };
}

function pageSymbol(page: CellPage, style: Style): string {
  const { symbol, format } = signOf(page);
  return paint(symbol, disagrees(page) ? MARKED : format, style);
}

function groups(columns: readonly string[]): string[] {
  const starts = columns.flatMap((_, column) => (column % GROUP_PAGES === 0 ? [column] : []));
  return starts.map((start) => columns.slice(start, start + GROUP_PAGES).join(''));
}

function mapLine(address: string, groupTexts: readonly string[]): string {
  return `  ${address.padEnd(7)}  ${groupTexts.join(' ')}`.trimEnd();
}
