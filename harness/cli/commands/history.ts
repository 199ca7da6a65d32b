// SPDX-License-Identifier: MIT
import { type Command, InvalidArgumentError } from 'commander';
import { FormatError, UsageError } from '../../errors.ts';
import type { History } from '../../history/line-collector.ts';
import { readHistory } from '../../history/read-history.ts';
import { counted } from '../../memory/counted.ts';
import { nearestName } from '../../nearest-name.ts';
import {
  type HistoryResult,
  historyResult,
  renderHistoryDocument,
} from '../../report/history-document.ts';
import { renderHistoryCell } from '../../report/history-cell-report.ts';
import { renderHistory } from '../../report/history-report.ts';
import { writeHistoryPage } from '../../report/reporters.ts';
import { writeStdout } from '../../report/screen.ts';
import { HISTORY } from '../../runner/results-folder.ts';
import type { CommandContext } from '../command-context.ts';
import { type CommandHelp, describeCommand } from '../help.ts';
import { screenStyle } from '../report-run.ts';

const HELP: CommandHelp = {
  summary: 'show what the newest night changed, what is flaky, and how cells fared over time',
  examples: [
    ['the newest night against those before', 'sub1m history'],
    ['the page of all nights, for a browser', 'sub1m history --html history.html'],
    ['the files of three machines, for programs', 'sub1m history a.jsonl b.jsonl c.jsonl --json'],
    [
      'one cell, since November',
      'sub1m history --cell debian-6.12.no-crashkernel --since 2026-11-01',
    ],
  ],
  notes: [
    'run and check note each cell in results/history.jsonl (see their --history). Files of several machines are ' +
      'merged, in any order; what is in two of them counts once.',
    'Exit status: 0 whatever the history says, 64 there is none, 65 it cannot be read.',
  ],
};

interface HistoryCommandOptions {
  readonly cell?: string;
  readonly since?: number;
  readonly json?: true;
  readonly html?: string;
}

/** `sub1m history [file…]`: what runs have shown over time. */
export function addHistory(program: Command, context: CommandContext): void {
  describeCommand(program.command('history'), HELP)
    .argument('[file...]', 'files of history, or pipes (default: results/history.jsonl)')
    .option('--cell <name>', 'all nights of the cell with this name or key')
    .option('--since <when>', 'only runs since a date, 2026-11-01, or so many days ago, 30d', since)
    .option('--json', 'print a JSON document')
    .option('--html <file>', 'also write the page of all nights')
    .action(async (files: string[], options: HistoryCommandOptions) => {
      const paths = files.length > 0 ? files : [HISTORY];
      const { signal } = context;
      const history = await readHistory(paths, { signal, sinceMs: options.since });
      for (const line of skippedLines(history)) context.log.warn(line);
      const result = requireResult(history, paths, options);
      if (options.html !== undefined) await writeHistoryPage(options.html, history);
      await writeStdout(rendered(result, options, context));
    });
}

function rendered(
  result: HistoryResult,
  { json, cell }: HistoryCommandOptions,
  context: CommandContext,
): string {
  if (json) return renderHistoryDocument(result);
  const style = screenStyle(context);
  if (cell === undefined) return renderHistory(result, style);
  return result.cells.map((one) => renderHistoryCell(one, style)).join('\n');
}

function requireResult(
  history: History,
  paths: readonly string[],
  { cell, since: from }: HistoryCommandOptions,
): HistoryResult {
  const result = historyResult(history, ({ key, cell: name }) => name === cell || key === cell);
  if (result === null) throw emptyError(history, paths, from !== undefined);
  if (cell === undefined || result.cells.length > 0) return result;
  const names = [...new Set(history.lines.map((line) => line.cell))];
  throw new UsageError(
    `Cannot show ${cell}: expected a cell of the history; the nearest is ${nearestName(cell, names)}`,
  );
}

function emptyError({ skipped }: History, paths: readonly string[], isSince: boolean): Error {
  const where = paths.join(', ');
  if (skipped.count > 0) {
    return new FormatError(
      `Cannot read history ${where}: expected lines of history, found none among ${counted(skipped.count, 'line')}`,
    );
  }
  const [what, advice] = isSince
    ? ['no run since then', 'give --since an earlier date']
    : ['nothing', 'sub1m run notes its cells there'];
  return new UsageError(`Cannot show history ${where}: found ${what}; ${advice}`);
}

/** What is said of lines that could not be read: the first of them, and how many. */
function skippedLines({ skipped: { count, named } }: History): string[] {
  const lines = named.map(({ path, line, why }) => `${path}:${line} skipped: ${why}`);
  const rest = count - named.length;
  return rest === 0 ? lines : [...lines, `${counted(rest, 'more line')} skipped`];
}

const DAY_MS = 24 * 60 * 60 * 1000;

function since(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  if (days !== undefined) return Date.now() - Number(days) * DAY_MS;
  const at = /^\d{4}-\d\d-\d\d(T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(at)) return at;
  throw new InvalidArgumentError(
    'Expected a date in UTC, such as 2026-11-01, or days, such as 30d.',
  );
}
