// SPDX-License-Identifier: MIT
import { counted } from '../memory/counted.ts';
import type { CellRecord } from '../bundle/cell-record.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import { type JudgedCell, type RunResult, summary } from '../matrix/judged-cell.ts';
import { renderFindings, renderProofs } from './text/cell-findings.ts';
import { renderChanges } from './changes-report.ts';
import { renderFaultTable } from './text/fault-table.ts';
import { nameCells } from './text/cell-names.ts';
import { cellPages } from './text/cell-pages.ts';
import { renderCellTable } from './text/cell-table.ts';
import { renderLegend, renderPageMap } from './text/page-map.ts';
import { type Style, paint, renderSeconds, wrap } from './text/style.ts';

/** A line of a page map is as long as this; a screen that is narrower breaks lines itself. */
const LEAST_WIDTH = 78;

/** Of more cells a reader wants what is wrong; `verdict.json` has what each invariant was seen to keep. */
const MOST_PROOFS = 4;

/** A run for people: its cells, maps of their low memory, what is wrong, where the evidence is. */
export function renderConsoleReport(run: ComparedRun, wanted: Style): string {
  const style = { ...wanted, width: Math.max(wanted.width, LEAST_WIDTH) };
  const sections = [
    renderCellTable(run.cells, style),
    ...pageMaps(run.cells, style),
    ...run.cells.map((cell) => renderFindings(cell, style)),
    ...(run.cells.length <= MOST_PROOFS ? run.cells.map((cell) => renderProofs(cell, style)) : []),
    renderFaultTable(run.cells, style),
    run.comparison ? renderChanges(run.comparison, style) : [],
    [...wrap(`Bundles: ${run.folder}`, style.width), summaryLine(run, style)],
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** A map for each set of cells whose pages are alike, then what the symbols mean. */
function pageMaps(cells: readonly JudgedCell[], style: Style): string[][] {
  const seen = cells.filter(({ judgement }) => judgement.observation.pages.value !== null);
  const alike = new Map<string, JudgedCell[]>();
  for (const cell of seen) {
    const map = renderPageMap(cellPages(cell.judgement), style).join('\n');
    alike.set(map, [...(alike.get(map) ?? []), cell]);
  }
  const maps = Array.from(alike, ([map, group]) => {
    const names = nameCells(recordsOf(group), recordsOf(cells));
    return [...wrap(names, style.width), map];
  });
  const pages = seen.flatMap(({ judgement }) => cellPages(judgement));
  return [...maps, renderLegend(pages, style)];
}

function recordsOf(cells: readonly JudgedCell[]): CellRecord[] {
  return cells.map(({ record }) => record);
}

function summaryLine({ cells, seconds }: RunResult, style: Style): string {
  const { match, mismatch, unjudged, known } = summary(cells);
  const counts = `${match} match, ${mismatch} mismatch, ${unjudged} unjudged`;
  const defects = known === 0 ? '' : `, ${known} with a known defect`;
  const nr = counted(cells.length, 'cell');
  return paint(`${nr} in ${renderSeconds(seconds)}: ${counts}${defects}`, 'bold', style);
}
