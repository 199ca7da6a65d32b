// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { printableText } from '../../memory/printable-text.ts';
import type { Seen } from '../../seen.ts';
import type { ReportedRun } from '../text/detection.ts';
import { summaryLine } from '../text/summary-line.ts';
import { pageScript } from './assets.ts';
import { type CellLogs, logLimits } from './cell-files.ts';
import { renderCellPage } from './cell-page.ts';
import { renderCellChanges, renderComparison } from './changes.ts';
import { renderHeatMap } from './heat-map.ts';
import { type MapItem, SHOWN_MAPS, mapItems, renderMaps } from './map-items.ts';
import { type Markup, html } from './markup.ts';
import { renderMerge } from './merge-part.ts';
import { renderPage } from './page-frame.ts';
import { renderHistory, renderStrip } from './history-parts.ts';
import type { RunHistory } from './run-history.ts';
import { renderSummary } from './summary.ts';

/** What a report shows beside the run's verdicts. */
export interface HtmlSources {
  /** Gives the logs of a cell: the last bytes of each, at most so many. */
  readonly logs: (cell: JudgedCell, limit: number) => CellLogs;
  /** What the nights before say, or why it is not known; null of a run that is in no history. */
  readonly history: Seen<RunHistory> | null;
}

/**
 * A run as one HTML file that needs nothing else. Summary, heat map and page maps are there as they are; the page of each
 * cell is packed, and the script unpacks it when it is opened: ten thousand cells open in two seconds.
 */
export function renderHtml(run: ReportedRun, { logs, history }: HtmlSources): string {
  const maps = mapItems(run.cells);
  const { comparison, merge, historyPage } = run;
  return renderPage({
    title: `sub1m ${run.id}`,
    header: html`<h1><a href="#">sub1m</a> run ${run.id}</h1>
      <p>${summaryLine(run)}; started ${run.startedAt}</p>
      ${historyPage === undefined ? null : html`<p><a href="${historyPage}">All nights</a></p>`}`,
    main: html`<div id="overview">
        <noscript
          ><p>
            Without JavaScript the pages of single cells stay packed; the bundles have all that is
            in them.
          </p></noscript
        >
        ${merge ? renderMerge(merge) : null}${renderSummary(run)}${history ? renderHistory(history) : null}${
          comparison ? renderComparison(comparison) : null
        }${renderHeatMap(run.cells)}${renderMaps(maps, run.cells)}
      </div>
      <div id="cell" hidden></div>`,
    after: html`<div id="story" role="status" hidden></div>
      ${maps.slice(SHOWN_MAPS).map(({ id, grids }) => packed(id, grids))}${packedCells(run, maps, { logs, history })}`,
    script: pageScript(),
  });
}

function packedCells(run: ReportedRun, maps: readonly MapItem[], sources: HtmlSources): Markup[] {
  const limits = logLimits(run.cells);
  const mapOf = new Map(maps.flatMap(({ id, cells }) => cells.map((cell) => [cell, id] as const)));
  const { comparison } = run;
  const changes = new Map(comparison?.cells.map((one) => [one.cell.record.id, one]));
  return run.cells.map((cell) => {
    const { id } = cell.record;
    const changed = changes.get(id);
    const points = sources.history?.value?.strips.get(id);
    const page = renderCellPage({
      cell,
      logs: sources.logs(cell, limits.get(cell) ?? 0),
      map: mapOf.get(cell) ?? null,
      context: [
        ...(points ? [renderStrip(points)] : []),
        ...(comparison && changed ? [renderCellChanges(comparison.base, changed)] : []),
      ],
    });
    return packed(`cell-${printableText(id)}`, page);
  });
}

/** HTML that the script unpacks when it is asked for: a block of data, which a browser neither reads nor runs. */
function packed(name: string, content: Markup): Markup {
  const bytes = gzipSync(content.toString()).toString('base64');
  return html`<script type="text/plain" data-packed="${name}">
    ${bytes}
  </script> `;
}
