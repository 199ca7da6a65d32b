// SPDX-License-Identifier: MIT
import { appendFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HostError, UsageError, messageOf } from '../errors.ts';
import type { History as NotedHistory } from '../history/line-collector.ts';
import type { ComparedRun } from '../matrix/compare-cells.ts';
import type { Seen } from '../seen.ts';
import type { RunHistory } from './html/run-history.ts';
import { replaceFile } from '../process/replace-file.ts';
import { type Written, cleanText, writeStdout } from './screen.ts';
import type { ReportedRun } from './text/detection.ts';
import type { Style } from './text/style.ts';

/** What the history says that a run is noted in, or why it is not known; null of a run that is in none. */
type History = Seen<RunHistory> | null;

type Render = (run: ReportedRun, style: Style, history: History) => Written;

/** Each is loaded when it is used: some import large packages. */
const RENDERERS = {
  b4: async () => (await import('./b4-report.ts')).renderB4,
  console: async () => (await import('./console-report.ts')).renderConsoleReport,
  github: async () => (await import('./github-report.ts')).annotateRun,
  html: loadHtml,
  json: async () => (await import('./run-document.ts')).renderRunDocument,
  junit: async () => (await import('./junit-report.ts')).renderJunit,
  kcidb: async () => (await import('./kcidb/kcidb-report.ts')).renderKcidb,
  ktap: async () => (await import('./ktap-report.ts')).renderKtap,
  mail: async () => (await import('./mail-report.ts')).renderMail,
  markdown: async () => (await import('./markdown-report.ts')).renderMarkdown,
  svg: async () => (await import('./svg-report.ts')).renderSvg,
  tap: async () => (await import('./tap-report.ts')).renderTap,
} satisfies Record<string, () => Promise<Render>>;

/** The only report that has logs out of the bundles. */
async function loadHtml(): Promise<Render> {
  const { renderHtml } = await import('./html/html-report.ts');
  const { readCellLogs } = await import('./html/cell-files.ts');
  return (run, _, history) => renderHtml(run, { logs: readCellLogs, history });
}

type ReportKind = keyof typeof RENDERERS;

/** What `--reporter` can name. */
export const REPORT_KINDS = Object.keys(RENDERERS) as ReportKind[];

/** A report to write, and the file it goes to: null is standard output. */
export interface Reporter {
  readonly kind: ReportKind;
  readonly path: string | null;
  /** Adds to the file rather than replacing it, blocks of Markdown, until it has so many bytes. */
  readonly appendUpTo?: number;
}

/** Bytes that GitHub takes of the summary of one step. */
const STEP_SUMMARY_LIMIT = 1024 * 1024;

/** What GitHub shows above the log of a step, if these reports are for GitHub: Markdown, added to the file `path`. */
export function stepSummary(wanted: readonly Reporter[], path: string | undefined): Reporter[] {
  return path !== undefined && wanted.some(({ kind }) => kind === 'github')
    ? [{ kind: 'markdown', path, appendUpTo: STEP_SUMMARY_LIMIT }]
    : [];
}

/** Loads what writes reports. */
export async function loadReporters(): Promise<void> {
  await Promise.all(Object.values(RENDERERS).map((load) => load()));
}

/** Files hold no colour, and are as wide as a report may be. */
const FILE_STYLE: Style = { colour: false, width: 100 };

/** The report in the folder of a run that people open. */
export function pageIn(folder: string): string {
  return join(folder, 'index.html');
}

/** The reports that every run's folder holds. */
export function folderReporters(folder: string): Reporter[] {
  return [
    { kind: 'json', path: join(folder, 'run.json') },
    { kind: 'junit', path: join(folder, 'junit.xml') },
    { kind: 'tap', path: join(folder, 'run.tap') },
    { kind: 'html', path: pageIn(folder) },
  ];
}

/**
 * Reads the values of `--reporter`, each `kind` or `kind:file`. None at all means `console`.
 * Throws `UsageError` for an unknown kind and for two reports that want the same place.
 */
export function parseReporters(values: readonly string[]): Reporter[] {
  const reporters = (values.length === 0 ? ['console'] : values).map(parseReporter);
  const places = new Set<string | null>();
  for (const { path } of reporters) {
    const place = path && resolve(path);
    if (places.has(place)) {
      const where = path ?? 'standard output';
      throw new UsageError(
        `Cannot write two reports to ${where}: give each a file of its own, e.g. tap:run.tap`,
      );
    }
    places.add(place);
  }
  return reporters;
}

function parseReporter(value: string): Reporter {
  const [, kind = '', path = null] = /^([^:]*)(?::(.+))?$/s.exec(value) ?? [];
  if (!isReportKind(kind)) {
    const kinds = Object.keys(RENDERERS).join(', ');
    throw new UsageError(
      `Cannot use reporter "${value}": expected kind or kind:file, where kind is one of ${kinds}`,
    );
  }
  return { kind, path };
}

function isReportKind(kind: string): kind is ReportKind {
  return Object.hasOwn(RENDERERS, kind);
}

/**
 * Writes reports of a run; `style` is for standard output. Throws the first `HostError` once all others are written, or
 * why the run's history was lost.
 */
export async function writeReports(
  run: ComparedRun,
  reporters: readonly Reporter[],
  style: Style,
): Promise<void> {
  const told = await withHistory(run);
  const write = async ({ kind, path, appendUpTo }: Reporter): Promise<void> => {
    if (path === null) return writeStdout(await rendered(kind, told, style));
    const text = await reportText(kind, told);
    await intoFile(path, () =>
      appendUpTo === undefined ? replaceFile(path, text) : append(path, text, appendUpTo),
    );
  };
  // That the run is not in its history is told like a report that was lost.
  const errors: unknown[] = run.historyError ? [run.historyError] : [];
  for (const reporter of reporters) {
    await write(reporter).catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw errors[0];
}

/** A report as a file holds it. */
export async function reportText(kind: ReportKind, told: Told): Promise<string> {
  return cleanText(await rendered(kind, told, FILE_STYLE));
}

/** A run with what its history says, which all its reports share. */
export interface Told {
  readonly run: ReportedRun;
  readonly history: History;
}

/** Reads the history that a run is noted in. */
export async function withHistory(run: ReportedRun): Promise<Told> {
  if (run.historyFile === undefined) return { run, history: null };
  const { readRunHistory } = await import('./html/run-history.ts');
  const history = await readRunHistory(run);
  return { run: { ...run, detection: history?.value?.detection }, history };
}

async function rendered(kind: ReportKind, told: Told, style: Style): Promise<Written> {
  const render: Render = await RENDERERS[kind]();
  return render(told.run, style, told.history);
}

/** Writes a text to standard output, or cleaned to a file. Throws `HostError`. */
export async function writeText(text: string, path: string | null): Promise<void> {
  if (path === null) await writeStdout(text);
  else await intoFile(path, () => replaceFile(path, cleanText(text)));
}

/** Writes the page of a history. Throws `HostError`. */
export async function writeHistoryPage(path: string, history: NotedHistory): Promise<void> {
  const { renderHistoryPage } = await import('./html/history-page.ts');
  await writeText(renderHistoryPage(history), path);
}

/** A reader of a file that is replaced sees the whole report or the one before it. */
async function intoFile(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const why = messageOf(error);
    throw new HostError(`Cannot write report ${path}: ${why}`, { cause: error });
  }
}

/** The runner of GitHub has made the file, and reads it when the step is over. */
async function append(path: string, text: string, limit: number): Promise<void> {
  const { cutMarkdown } = await import('./text/markdown.ts');
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  await appendFile(path, cutMarkdown(text, limit - size));
}
