// SPDX-License-Identifier: MIT
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import type { CellPage } from '../text/cell-pages.ts';
import { GROUP_PAGES, ROW_PAGES, type Sign, signOf } from '../text/page-map-text.ts';
import { type Block, element, textElement } from './blocks.ts';

/** Why pages have an outline: what it means, and how it is drawn. */
export const OUTLINES = {
  broken: { is: 'an invariant is broken on these pages', dashes: 'none' },
  known: { is: 'a known defect shows on these pages', dashes: '5 3' },
  unpredicted: { is: 'not observed as predicted', dashes: '2 2' },
} as const;

/** See `OUTLINES`. */
export type Outline = keyof typeof OUTLINES;

/** A page, in pixels. */
const PAGE_WIDTH = 12;
const PAGE_HEIGHT = 16;
const LETTER_SIZE = 10;

/** Between groups of pages, in pixels. */
const GROUP_GAP = 7;

/** For the addresses, left of the rows and above them, in pixels. */
const LEFT = 60;
const TOP = 16;

/** The width of a map, in pixels. */
export const MAP_WIDTH = pageX(ROW_PAGES - 1) + PAGE_WIDTH;

/** Neighbours in a group that are drawn alike. */
interface Run<T> {
  readonly first: number;
  readonly nr: number;
  readonly value: T;
}

/** The pages below 1 MiB in rows of 256 KiB, each with its letter; some with an outline. */
export function drawMap(pages: readonly CellPage[], outlines: ReadonlyMap<number, Outline>): Block {
  const rows = Math.ceil(pages.length / ROW_PAGES);
  const signs = pages.map(signOf);
  const outlined = signs.map((_, page) => outlines.get(page) ?? null);
  return {
    height: TOP + rows * PAGE_HEIGHT,
    elements: [
      ...addresses(rows),
      ...runsOf(signs.map(({ name }) => name)).map(({ first, nr, value }) =>
        element('rect', { class: value, ...boxOf(first, nr) }),
      ),
      element('path', { class: 'grid', d: grid(rows) }),
      ...frames(rows),
      ...runsOf(signs.map(({ name }) => name)).map(({ first, nr }) =>
        letters(first, signs.slice(first, first + nr)),
      ),
      ...runsOf(outlined).flatMap(({ first, nr, value }) =>
        value === null ? [] : drawOutline(value, boxOf(first, nr)),
      ),
    ],
  };
}

/** A page of a legend. */
export function drawSign({ name, symbol }: Sign): string[] {
  const box = { width: PAGE_WIDTH + 4, height: PAGE_HEIGHT };
  const letter = { x: box.width / 2, y: 12, class: `page on-${name}`, 'text-anchor': 'middle' };
  return [
    element('rect', { class: name, ...box }),
    textElement(symbol, { 'font-size': LETTER_SIZE, ...letter }),
  ];
}

/** An outline of a map, or of its legend. */
export function drawOutline(
  outline: Outline,
  { x, y, width, height }: Readonly<Record<'x' | 'y' | 'width' | 'height', number>>,
): string[] {
  const box = { x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1 };
  const { dashes } = OUTLINES[outline];
  return [
    element('rect', {
      class: 'outline',
      ...box,
      'stroke-width': 2,
      'stroke-dasharray': dashes,
    }),
  ];
}

function pageX(page: number): number {
  const column = page % ROW_PAGES;
  return LEFT + column * PAGE_WIDTH + Math.floor(column / GROUP_PAGES) * GROUP_GAP;
}

function pageY(page: number): number {
  return TOP + Math.floor(page / ROW_PAGES) * PAGE_HEIGHT;
}

function boxOf(
  first: number,
  nr: number,
): { readonly x: number; readonly y: number; readonly width: number; readonly height: number } {
  return { x: pageX(first), y: pageY(first), width: nr * PAGE_WIDTH, height: PAGE_HEIGHT };
}

/** Runs end where a group does. */
function runsOf<T>(values: readonly T[]): Run<T>[] {
  const starts = values.flatMap((value, page) =>
    page % GROUP_PAGES === 0 || value !== values[page - 1] ? [{ first: page, value }] : [],
  );
  return starts.map((start, nr) => ({
    ...start,
    nr: (starts[nr + 1]?.first ?? values.length) - start.first,
  }));
}

function letters(first: number, signs: readonly Sign[]): string {
  const x = signs.map((_, nr) => pageX(first) + nr * PAGE_WIDTH + PAGE_WIDTH / 2).join(' ');
  const place = { x, y: pageY(first) + 12, 'text-anchor': 'middle' };
  const style = { class: `page on-${signs[0]?.name}`, 'font-size': LETTER_SIZE };
  return textElement(signs.map(({ symbol }) => symbol).join(''), { ...style, ...place });
}

function addresses(rows: number): string[] {
  const label = (text: string, place: Readonly<Record<string, number | string>>): string =>
    textElement(text, { class: 'dim page', 'font-size': LETTER_SIZE, ...place });
  const lines = Array.from({ length: rows }, (_, nr) => nr * ROW_PAGES);
  return [
    ...groupStarts().map((page) =>
      label(`+${hex(page * PAGE_SIZE)}`, { x: pageX(page), y: TOP - 5 }),
    ),
    ...lines.map((page) =>
      label(`0x${(page * PAGE_SIZE).toString(16).padStart(5, '0')}`, {
        x: LEFT - 8,
        y: pageY(page) + 12,
        'text-anchor': 'end',
      }),
    ),
  ];
}

/** Around each group of columns: free pages are hardly darker than the sheet. */
function frames(rows: number): string[] {
  const height = rows * PAGE_HEIGHT - 1;
  const width = GROUP_PAGES * PAGE_WIDTH - 1;
  return groupStarts().map((page) =>
    element('rect', { class: 'frame', x: pageX(page) + 0.5, y: TOP + 0.5, width, height }),
  );
}

function groupStarts(): number[] {
  return Array.from({ length: ROW_PAGES / GROUP_PAGES }, (_, nr) => nr * GROUP_PAGES);
}

/** Lines between pages, in the colour of the sheet. */
function grid(rows: number): string {
  const columns = Array.from({ length: ROW_PAGES }, (_, page) => page);
  const upright = columns
    .filter((page) => page % GROUP_PAGES !== 0)
    .map((page) => `M${pageX(page)} ${TOP}v${rows * PAGE_HEIGHT}`);
  const level = Array.from({ length: rows - 1 }, (_, nr) => {
    return `M${LEFT} ${TOP + (nr + 1) * PAGE_HEIGHT}H${MAP_WIDTH}`;
  });
  return [...upright, ...level].join('');
}
