// SPDX-License-Identifier: MIT
import type { CellCount } from '../../matrix/judged-cell.ts';
import type { CellPage } from '../text/cell-pages.ts';
import { signsOf } from '../text/page-map-text.ts';
import { shortened, wrap } from '../text/style.ts';
import { type Block, element, escapeXml, stack, textElement, textLines } from './blocks.ts';
import { MAP_WIDTH, OUTLINES, type Outline, drawMap, drawOutline, drawSign } from './draw-map.ts';
import { styleSheet } from './palette.ts';

/** What an image shows: page maps, with a legend beneath them. */
export interface Sheet {
  readonly title: string;
  /** Beneath the title. */
  readonly subtitle: string;
  readonly maps: readonly SheetMap[];
  /** Beneath the maps. */
  readonly notes: readonly string[];
}

/** A map on it. */
export interface SheetMap {
  readonly name: string;
  /** At its right; null for none. */
  readonly verdict: { readonly text: string; readonly counts: CellCount } | null;
  readonly pages: readonly CellPage[];
  readonly outlines: ReadonlyMap<number, Outline>;
  /** What is wrong with it. */
  readonly notes: readonly string[];
}

/** Around everything, in pixels. */
const MARGIN = 24;

/** Characters of a line, by the size of its letters: no font that is likely is wider. */
const COLUMNS = { name: 104, note: 136 };

/** Lines of a note; the console report has all of it. */
const NOTE_LINES = 3;

/** Draws a sheet as an SVG document that needs nothing else: no script, font or image. */
export function drawSheet(sheet: Sheet): string {
  const { title, subtitle, maps, notes } = sheet;
  const head = stack([textLines([title], TITLE), textLines(wrap(subtitle, COLUMNS.note), NOTE)], 2);
  const tail = textLines(notes.flatMap(noteLines), NOTE);
  const blocks = [head, ...maps.map(drawSheetMap), legend(maps), tail];
  const content = stack(
    blocks.filter(({ height }) => height > 0),
    20,
  );
  const [width, height] = [MAP_WIDTH + 2 * MARGIN, content.height + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<desc>${escapeXml(subtitle)}</desc>`,
    `<style>${styleSheet()}</style>`,
    element('rect', { class: 'sheet', width, height, rx: 8 }),
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...content.elements,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

const TITLE = { size: 18, style: 'text strong' };
const NAME = { size: 13, style: 'text strong' };
const NOTE = { size: 12, style: 'dim' };

function drawSheetMap({ name, verdict, pages, outlines, notes }: SheetMap): Block {
  const lines = wrap(name, COLUMNS.name).map((line) => shortened(line, COLUMNS.name));
  const heading = textLines(lines, NAME);
  const badge = verdict
    ? [
        textElement(verdict.text, {
          class: `${verdict.counts} strong`,
          'font-size': NAME.size,
          x: MAP_WIDTH,
          y: NAME.size,
          'text-anchor': 'end',
        }),
      ]
    : [];
  const blocks = [
    { ...heading, elements: [...heading.elements, ...badge] },
    drawMap(pages, outlines),
    textLines(notes.flatMap(noteLines), NOTE),
  ];
  return stack(
    blocks.filter(({ height }) => height > 0),
    4,
  );
}

function noteLines(note: string): string[] {
  const lines = wrap(note, COLUMNS.note);
  const shown = lines.slice(0, NOTE_LINES);
  if (lines.length > NOTE_LINES) shown.push(`${shown.pop()} …`);
  return shown.map((line) => shortened(line, COLUMNS.note));
}

/** What the letters and outlines mean that occur. */
function legend(maps: readonly SheetMap[]): Block {
  const outlines = new Set(maps.flatMap((map) => [...map.outlines.values()]));
  const box = { x: 0, y: 0, width: 16, height: 16 };
  const rows = [
    ...signsOf(maps.flatMap(({ pages }) => pages)).map((sign) => ({
      drawn: drawSign(sign),
      is: sign.is,
    })),
    ...[...outlines].map((outline) => ({
      drawn: drawOutline(outline, box),
      is: OUTLINES[outline].is,
    })),
  ];
  return stack(
    rows.map(({ drawn, is }) => ({
      height: box.height,
      elements: [...drawn, textElement(is, { class: 'text', 'font-size': 12, x: 26, y: 12.5 })],
    })),
    4,
  );
}
