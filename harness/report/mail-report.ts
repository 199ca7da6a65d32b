// SPDX-License-Identifier: MIT
import type { ComparedRun } from '../matrix/compare-cells.ts';
import type { JudgedCell } from '../matrix/judged-cell.ts';
import type { SeriesResult } from '../matrix/series.ts';
import { renderConsoleReport } from './console-report.ts';
import { reproduceCommand } from './reproduce-command.ts';
import { renderSeries } from './series-report.ts';
import { indented } from './text/style.ts';

/** Columns of a mail to a kernel list (Documentation/process/email-clients.rst wants none that a client wraps). */
const COLUMNS = 72;

/** What keeps a line from being a command to a CI runner makes it two characters longer. */
const STYLE = { colour: false, width: COLUMNS - 2 };

/** Commands that a mail has room for. */
const COMMANDS = 4;

/** A run as the text of a mail: 72 columns, no colour, and how to see it again. */
export function renderMail(run: ComparedRun): string {
  return mail(renderConsoleReport(run, STYLE), commandsOf(run.cells));
}

/** A series, likewise: what could be sent as a reply to its cover letter. */
export function renderSeriesMail(series: SeriesResult): string {
  const [base] = series.steps;
  const commands = commandsOf(base?.run?.cells ?? []);
  return mail(
    renderSeries(series, STYLE),
    commands.map((command) => `${command} --series <this series>`),
  );
}

function commandsOf(cells: readonly JudgedCell[]): string[] {
  return [...new Set(cells.map(({ record }) => reproduceCommand(record.spec)))];
}

function mail(report: string, commands: readonly string[]): string {
  const more = commands.length - COMMANDS;
  return [
    'sub1m booted each kernel below and compared who owns each page of the',
    'first MiB with what its model predicts.',
    '',
    ...report.trimEnd().split('\n').map(narrowed).flatMap(wrapped),
    '',
    'To see it again:',
    '',
    // Not wrapped: it is to be pasted.
    ...commands.slice(0, COMMANDS).map((command) => `  ${command}`),
    ...(more > 0 ? [`  (and ${more} more)`] : []),
    '',
  ].join('\n');
}

/** A row of a map of pages, or what stands above or beneath one: 11 columns, then four groups of 16 pages. */
const ROW = /^ {2}(0x[0-9a-f]{5}) {2}(\S{16}) (\S{16}) (\S{16}) (\S{16})$/;
const HEADING = /^ {11}\+0x0 .*$/;
const MARKS = /^ {11}([ ^]{1,67})$/;
const GROUP = 17;

/** A map of 64 pages a row is as wide as a mail if nothing stands between its groups. */
function narrowed(line: string): string {
  if (HEADING.test(line)) return '';
  const row = ROW.exec(line);
  if (row) return `${row[1] ?? ''} ${row.slice(2).join('')}`;
  const [, marks] = MARKS.exec(line) ?? [];
  if (marks === undefined) return line.trimEnd();
  const joined = marks
    .split('')
    .filter((_, column) => column % GROUP !== GROUP - 1)
    .join('');
  return `        ${joined}`.trimEnd();
}

/** Words that are longer stay whole, and so does a table, whose columns stand two blanks apart: of 80 columns at most. */
function wrapped(line: string): string[] {
  const [, indent = '', text = ''] = /^((?:base| *\d+| {2}\S(?= {2}))? *)(.*)$/s.exec(line) ?? [];
  return line.length <= COLUMNS || text.includes('  ')
    ? [line]
    : indented(text, indent.length, STYLE).map((one, nr) =>
        nr === 0 ? `${indent}${one.trimStart()}` : one,
      );
}
