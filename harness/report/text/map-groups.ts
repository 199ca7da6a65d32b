// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { nameOfCells } from './cell-names.ts';
import { type CellPage, cellPages } from './cell-pages.ts';
import { groupBy } from '../../group-by.ts';
import { renderPageMap } from './page-map-text.ts';

/** Cells of a run whose maps of low memory look the same. */
export interface MapGroup {
  /** What they are called together. */
  readonly name: string;
  readonly pages: readonly CellPage[];
  readonly cells: readonly JudgedCell[];
}

const PLAIN = { colour: false, width: 0 };

/** The cells of a run that show their pages, by what their maps look like. */
export function groupMaps(cells: readonly JudgedCell[]): MapGroup[] {
  const seen = cells.filter(({ judgement }) => judgement.observation.pages.value !== null);
  const alike = groupBy(seen, ({ judgement }) =>
    renderPageMap(cellPages(judgement), PLAIN).join('\n'),
  );
  return [...alike.values()].map((group) => ({
    name: nameOfCells(recordsOf(group), recordsOf(cells)),
    pages: group[0] ? cellPages(group[0].judgement) : [],
    cells: group,
  }));
}

function recordsOf(cells: readonly JudgedCell[]): CellRecord[] {
  return cells.map(({ record }) => record);
}
