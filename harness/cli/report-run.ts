// SPDX-License-Identifier: MIT
import { relative } from 'node:path';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import type { SeriesResult } from '../matrix/series.ts';
import {
  folderReporters,
  pageIn,
  parseReporters,
  stepSummary,
  writeReports,
} from '../report/reporters.ts';
import { writeStdout } from '../report/screen.ts';
import type { Style } from '../report/text/style.ts';
import type { CommandContext } from './command-context.ts';
import type { ReportOptions } from './run-options.ts';

/** Lines are no longer than this, in columns. */
const WIDTH_LIMIT = 100;

/**
 * Reads which reports are wanted, so that a wrong one is refused before any work. Returns the function that writes
 * them once the run is over; with `keep` also those that the folder of every run holds.
 */
export function reportRun(
  { json, b4, reporter }: ReportOptions,
  context: CommandContext,
  { keep = false }: { readonly keep?: boolean } = {},
): (run: ComparedRun) => Promise<void> {
  const named = parseReporters([...(json ? ['json'] : []), ...(b4 ? ['b4'] : []), ...reporter]);
  const wanted = [...named, ...stepSummary(named, context.environment.stepSummary)];
  return async (run) => {
    const kept = keep ? folderReporters(run.folder) : [];
    await writeReports(run, [...wanted, ...kept], screenStyle(context));
    if (keep) sayWhere(run, context);
  };
}

/** The last line of a run, on standard error: standard output is the report's alone. */
function sayWhere({ folder }: ComparedRun, { log }: CommandContext): void {
  const path = pageIn(folder);
  const near = relative(process.cwd(), path);
  log.info(`Report: ${near.startsWith('..') ? path : near}`);
}

/** Prints a series, and writes the reports that the folders of its runs hold. Throws `HostError` like `writeReports`. */
export async function reportSeries(
  series: SeriesResult,
  { json, b4 }: ReportOptions,
  context: CommandContext,
): Promise<void> {
  const { renderSeriesB4 } = await import('../report/b4-report.ts');
  const { renderSeries, renderSeriesDocument } = await import('../report/series-report.ts');
  const style = screenStyle(context);
  const render = b4 ? renderSeriesB4 : json ? renderSeriesDocument : renderSeries;
  await writeStdout(render(series, style));
  // A step with the same image as the one before shares its cells.
  const runs = new Map(series.steps.map(({ run }) => [run?.folder, run] as const).toReversed());
  for (const run of runs.values()) {
    if (!run) continue;
    await writeReports(run, folderReporters(run.folder), style);
    sayWhere(run, context);
  }
}

/** How text is shown on standard output. */
export function screenStyle({ environment }: CommandContext): Style {
  const { colour, columns } = environment;
  return { colour, width: Math.min(columns, WIDTH_LIMIT) };
}
