// SPDX-License-Identifier: MIT
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { nameOfCells } from '../text/cell-names.ts';
import { shortened } from '../text/style.ts';
import { cellLink } from './heat-map.ts';
import { type Markup, html } from './markup.ts';
import { renderPageGrids } from './page-grids.ts';
import { type PageMark, type PageMoments, pageMoments } from './page-moments.ts';

/** Cells that show the same of their pages. */
export interface MapItem {
  /** As the page's script finds it. */
  readonly id: string;
  readonly cells: readonly JudgedCell[];
  readonly grids: Markup;
}

/** The maps of a run, each once: first those on which something is wrong, then in the order of its cells. */
export function mapItems(cells: readonly JudgedCell[]): MapItem[] {
  const alike = new Map<string, { readonly shown: PageMoments; readonly cells: JudgedCell[] }>();
  for (const cell of cells) {
    const shown = pageMoments(cell.judgement);
    if (shown === undefined) continue;
    const key = JSON.stringify(shown);
    const item = alike.get(key);
    if (item) item.cells.push(cell);
    else alike.set(key, { shown, cells: [cell] });
  }
  const items = [...alike.values()].toSorted((a, b) => worstMark(a.shown) - worstMark(b.shown));
  return items.map(({ shown, cells: some }, nr) => {
    return { id: `map-${nr}`, cells: some, grids: renderPageGrids(shown) };
  });
}

const MARKS_BY_WEIGHT: readonly PageMark[] = ['broken', 'unpredicted', 'known', null];

function worstMark({ moments }: PageMoments): number {
  const marks = moments.flatMap(({ rows }) => rows.flatMap((row) => row.marks));
  return MARKS_BY_WEIGHT.findIndex((mark) => mark === null || marks.includes(mark));
}

/** Cells of a map that are named; all are if they are fewer. */
const NAMED_CELLS = 12;

/** Characters of a map's name. */
const NAME_LIMIT = 160;

/** Maps that can be read without a script; a page with more is slow to open. */
export const SHOWN_MAPS = 100;

/** The first so many are open. */
const OPEN_MAPS = 1;

/** The maps, the first of them open; those beyond `SHOWN_MAPS` are in their cells' pages alone. */
export function renderMaps(items: readonly MapItem[], run: readonly JudgedCell[]): Markup {
  const records = run.map(({ record }) => record);
  const rest = items.length - SHOWN_MAPS;
  const name = (cells: readonly JudgedCell[]): string =>
    shortened(
      nameOfCells(
        cells.map(({ record }) => record),
        records,
      ),
      NAME_LIMIT,
    );
  return html`<section id="maps" aria-labelledby="maps-title">
    <h2 id="maps-title">Who owns each page below 1 MiB</h2>
    ${items.slice(0, SHOWN_MAPS).map(
      ({ id, cells, grids }, nr) =>
        html`<details class="map" ${nr < OPEN_MAPS ? html` open` : null}>
          <summary><h3>${name(cells)}</h3></summary>
          <p class="cells">
            ${cells.slice(0, NAMED_CELLS).map((cell) => html`${cellLink(cell)} `)}${more(cells.length)}
          </p>
          <div id="${id}">${grids}</div>
        </details> `,
    )}${rest > 0 ? html`<p>${rest} more maps are in the pages of their cells.</p>` : null}
  </section> `;
}

function more(nr: number): string {
  return nr > NAMED_CELLS ? `and ${nr - NAMED_CELLS} more` : '';
}
