// SPDX-License-Identifier: MIT
import { relative } from 'node:path';
import { UsageError } from '../errors.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import type { SeriesResult } from '../matrix/series.ts';
import {
  type Reporter,
  folderReporters,
  pageIn,
  parseReporters,
  stepSummary,
  writeReports,
  writeText,
} from '../report/reporters.ts';
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

/** What prints a series, by the reporter that names it. */
const SERIES_RENDERERS = {
  console: async () => (await import('../report/series-report.ts')).renderSeries,
  json: async () => (await import('../report/series-report.ts')).renderSeriesDocument,
  b4: async () => (await import('../report/b4-report.ts')).renderSeriesB4,
  mail: async () => (await import('../report/mail-report.ts')).renderSeriesMail,
} satisfies Partial<Record<Reporter['kind'], unknown>>;

/**
 * Reads how a series is to be printed, so that a wrong reporter is refused before any work: throws `UsageError`. Returns
 * the function that prints it, and writes the reports that the folders of its runs hold. It throws `HostError` like
 * `writeReports`.
 */
export function reportSeries(
  { json, b4, reporter }: ReportOptions,
  context: CommandContext,
): (series: SeriesResult) => Promise<void> {
  const wanted = parseReporters([...(json ? ['json'] : []), ...(b4 ? ['b4'] : []), ...reporter]);
  const renderers = wanted.map(({ kind, path }) => ({ load: seriesRenderer(kind), path }));
  return async (series) => {
    const style = screenStyle(context);
    for (const { load, path } of renderers) await writeText((await load())(series, style), path);
    // A step with the same image as the one before shares its cells.
    const runs = new Map(series.steps.map(({ run }) => [run?.folder, run] as const).toReversed());
    for (const run of runs.values()) {
      if (!run) continue;
      await writeReports(run, folderReporters(run.folder), style);
      sayWhere(run, context);
    }
  };
}

function seriesRenderer(kind: string): (typeof SERIES_RENDERERS)[keyof typeof SERIES_RENDERERS] {
  if (Object.hasOwn(SERIES_RENDERERS, kind)) {
    return SERIES_RENDERERS[kind as keyof typeof SERIES_RENDERERS];
  }
  const kinds = Object.keys(SERIES_RENDERERS).join(', ');
  throw new UsageError(`Cannot use reporter "${kind}" for a series: expected one of ${kinds}`);
}

/** How text is shown on standard output. */
export function screenStyle({ environment }: CommandContext): Style {
  const { colour, columns } = environment;
  return { colour, width: Math.min(columns, WIDTH_LIMIT) };
}
