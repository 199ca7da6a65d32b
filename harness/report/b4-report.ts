// SPDX-License-Identifier: MIT
import { pathToFileURL } from 'node:url';
import { type ComparedRun, comparisonEnd, isChanged } from '../matrix/compare-cells.ts';
import type { End } from '../ends.ts';
import { summary } from '../matrix/judged-cell.ts';
import { runEnd } from '../matrix/run-end.ts';
import { type SeriesResult, seriesEnd } from '../matrix/series.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { renderConsoleReport } from './console-report.ts';
import { renderSeries, seriesSummary } from './series-report.ts';

/** The words of b4 for how a check ended; any other end is `warn`. */
const STATUSES: Readonly<Partial<Record<End, string>>> = { done: 'pass', broken: 'fail' };

/** Mail and terminals: no colour, 80 columns. */
const STYLE = { colour: false, width: 80 };

/**
 * A run as `b4 review` takes it of a check command (b4, docs/maintainer/review.rst, "Writing an external check
 * script"): an array of results; b4 keeps one for each tool.
 */
export function renderB4(run: ComparedRun): string {
  const { match, mismatch, unjudged } = summary(run.cells);
  const counts = `${match} match, ${mismatch} mismatch, ${unjudged} unjudged`;
  const { comparison } = run;
  return renderResult({
    end: comparison ? comparisonEnd(comparison) : runEnd(run.cells),
    summary: comparison ? `${counts}; ${differences(run)} from ${comparison.base}` : counts,
    url: pathToFileURL(run.folder).href,
    details: renderConsoleReport(run, STYLE),
  });
}

/** A series, likewise. */
export function renderSeriesB4(series: SeriesResult): string {
  const last = series.steps.findLast(({ run }) => run !== null)?.run;
  return renderResult({
    end: seriesEnd(series),
    summary: seriesSummary(series),
    url: last ? pathToFileURL(last.folder).href : '',
    details: renderSeries(series, STYLE),
  });
}

function differences({ comparison }: ComparedRun): string {
  const changed = comparison?.cells.filter(isChanged).length ?? 0;
  return changed === 0
    ? 'no difference'
    : `${changed} cell${changed === 1 ? ' differs' : 's differ'}`;
}

function renderResult({
  end,
  ...result
}: {
  readonly end: End;
  readonly summary: string;
  readonly url: string;
  readonly details: string;
}): string {
  const status = STATUSES[end] ?? 'warn';
  return `${asciiJson([{ tool: 'sub1m', status, ...result }], 2)}\n`;
}
