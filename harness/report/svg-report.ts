// SPDX-License-Identifier: MIT
import {
  type CellCount,
  type JudgedCell,
  type RunResult,
  countedAs,
} from '../matrix/judged-cell.ts';
import { LOW_PAGES } from '../memory/pfn.ts';
import { type Sheet, type SheetMap, drawSheet } from './svg/draw-sheet.ts';
import type { Outline } from './svg/draw-map.ts';
import { disagrees } from './text/cell-pages.ts';
import { groupBy } from '../group-by.ts';
import { type MapGroup, groupMaps } from './text/map-groups.ts';
import { summaryLine } from './text/summary-line.ts';
import { unseenLines } from './text/unseen.ts';
import { verdictName } from './text/verdict-text.ts';

/** A run as an image: the maps of the console report, and what is wrong with them. */
export function renderSvg(run: RunResult): string {
  return drawSheet(sheetOf(run));
}

function sheetOf(run: RunResult): Sheet {
  const unseen = run.cells.filter(({ judgement }) => judgement.observation.pages.value === null);
  return {
    title: 'Who owns each page below 1 MiB',
    subtitle: `sub1m, run ${run.id}: ${summaryLine(run)}`,
    maps: groupMaps(run.cells).map(sheetMapOf),
    notes: unseen.map(({ record, judgement }) => `No map: ${record.id}: ${verdictName(judgement)}`),
  };
}

function sheetMapOf({ name, pages, cells }: MapGroup): SheetMap {
  const unpredicted = pages.flatMap((page, nr) =>
    disagrees(page) ? [[nr, 'unpredicted'] as const] : [],
  );
  const outlines: [number, Outline][] = (['known', 'broken'] as const).flatMap((mark) =>
    findingsOf(cells, mark)
      .flatMap((invariant) => invariant.pages)
      .filter((page) => page < LOW_PAGES)
      .map((page): [number, Outline] => [page, mark]),
  );
  return {
    name,
    verdict: verdictOf(cells),
    pages,
    outlines: new Map([...unpredicted, ...outlines]),
    notes: [
      ...notesOf(cells, 'broken'),
      ...notesOf(cells, 'known'),
      ...unseenLines(cells).map((line) => `could not be seen: ${line}`),
    ],
  };
}

/** The worst of them first. */
const COUNTS: readonly CellCount[] = ['mismatch', 'unjudged', 'match'];

/** What the cells of a map say about their kernels: `match`, or `1 mismatch, 3 match`. */
function verdictOf(cells: readonly JudgedCell[]): SheetMap['verdict'] {
  const names = groupBy(cells, ({ judgement }) => {
    const name = verdictName(judgement);
    const isKnown = judgement.invariants.some(({ outcome }) => outcome === 'known');
    return name === 'match' && isKnown ? 'match, known defect' : name;
  });
  const parts = Array.from(names, ([name, { length }]) => {
    return names.size === 1 ? name : `${length} ${name}`;
  });
  const counted = new Set(cells.map(({ judgement }) => countedAs(judgement)));
  const counts = COUNTS.find((count) => counted.has(count)) ?? 'unjudged';
  return { text: parts.join(', '), counts };
}

const SAYINGS = { broken: 'is broken', known: 'is a known defect' } as const;

/** A sentence for each invariant that some of the cells break, for the same reason. */
function notesOf(cells: readonly JudgedCell[], mark: keyof typeof SAYINGS): string[] {
  const alike = groupBy(findingsOf(cells, mark), ({ id, why }) => `${id} ${SAYINGS[mark]}: ${why}`);
  return Array.from(alike, ([text, { length }]) => {
    return length === cells.length ? text : `${length} of ${cells.length} cells: ${text}`;
  });
}

function findingsOf(cells: readonly JudgedCell[], mark: keyof typeof SAYINGS) {
  return cells.flatMap(({ judgement }) =>
    judgement.invariants.filter(({ outcome }) => outcome === mark),
  );
}
