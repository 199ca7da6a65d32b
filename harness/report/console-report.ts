// SPDX-License-Identifier: MIT
import type { CellRecord } from '../bundle/cell-record.ts';
import { compareTwins } from '../matrix/fresh-twins.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import type { Merge } from '../matrix/merged-run.ts';
import { counted } from '../memory/counted.ts';
import { renderFindings, renderProofs } from './text/cell-findings.ts';
import { renderChanges } from './changes-report.ts';
import { type ReportedRun, detectionOfRun, renderDetection } from './text/detection.ts';
import { renderFaultTable } from './text/fault-table.ts';
import { renderCellTable } from './text/cell-table.ts';
import { groupMaps } from './text/map-groups.ts';
import { renderLegend, renderPageMap } from './text/page-map-text.ts';
import { mergeParts } from './text/merge-lines.ts';
import { type Style, indented, paint, wrap } from './text/style.ts';
import { summaryLine } from './text/summary-line.ts';
import { unseenLines } from './text/unseen.ts';

/** A line of a page map is as long as this; a screen that is narrower breaks lines itself. */
const LEAST_WIDTH = 78;

/** Of more cells a reader wants what is wrong; `verdict.json` has what each invariant was seen to keep. */
const MOST_PROOFS = 4;

/** A run for people: its cells, maps of their low memory, what is wrong, where the evidence is. */
export function renderConsoleReport(run: ReportedRun, wanted: Style): string {
  const style = { ...wanted, width: Math.max(wanted.width, LEAST_WIDTH) };
  const power = detectionOfRun(run);
  const isBlind = power?.state === 'blind';
  const detection = power === null ? [] : renderDetection(power, style);
  const sections = [
    ...(isBlind ? [detection] : []),
    renderCellTable(run.cells, style),
    ...pageMaps(run.cells, style),
    ...run.cells.filter((cell) => !isUnrun(cell)).map((cell) => renderFindings(cell, style)),
    unrunLines(run.cells, style),
    run.cells.flatMap(({ record }) => attemptLines(record, style)),
    ...(run.cells.length <= MOST_PROOFS ? run.cells.map((cell) => renderProofs(cell, style)) : []),
    renderFaultTable(run.cells, style),
    ...(isBlind ? [] : [detection]),
    run.comparison ? renderChanges(run.comparison, style) : [],
    ...(run.merge ? mergeSections(run.merge, style) : []),
    twinLines(run.cells, style),
    [...wrap(`Bundles: ${run.folder}`, style.width), paint(summaryLine(run), 'bold', style)],
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** A map for each set of cells with the same pages, then what the symbols mean. */
function pageMaps(cells: readonly JudgedCell[], style: Style): string[][] {
  const groups = groupMaps(cells);
  const maps = groups.map(({ name, pages }) => [
    ...wrap(name, style.width),
    ...renderPageMap(pages, style),
  ]);
  const pages = groups.flatMap((group) => group.pages);
  const unseen = unseenLines(cells).map((line) => `  ?  could not be seen: ${line}`);
  return [...maps, [...renderLegend(pages, style), ...unseen]];
}

function mergeSections(merge: Merge, style: Style): string[][] {
  return mergeParts(merge).map(({ title, isBad, lines }) => [
    isBad ? paint(title, 'yellow', style) : title,
    ...lines.flatMap((line) => indented(line, 2, style)),
  ]);
}

/** Whether an interrupt came before the cell was run to its end. */
function isUnrun({ judgement: { verdict } }: JudgedCell): boolean {
  return verdict.kind === 'unjudged' && verdict.code === 'E_INTERRUPTED';
}

/** After an interrupt all that is said of the cells that were not run is said once. */
function unrunLines(cells: readonly JudgedCell[], style: Style): string[] {
  const { length } = cells.filter(isUnrun);
  return length === 0
    ? []
    : wrap(`Interrupted: ${counted(length, 'cell')} not run to the end`, style.width);
}

/** How cells with a fresh firmware differ from the same with a saved one, where a run has both. */
function twinLines(cells: readonly JudgedCell[], style: Style): string[] {
  const twins = compareTwins(cells);
  if (twins.length === 0) return [];
  const base = 'the same cells with a saved firmware';
  return renderChanges({ base, ref: '', sameImage: false, cells: twins, times: [] }, style);
}

/** A cell that was run again says why: that one attempt came to nothing is no secret. */
function attemptLines({ id, attempts }: CellRecord, style: Style): string[] {
  return attempts.flatMap(({ code, why }) =>
    wrap(`${id}: run again, since one attempt proved nothing (${code}): ${why}`, style.width),
  );
}
