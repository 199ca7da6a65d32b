// SPDX-License-Identifier: MIT
import type { FlakyCell } from '../history/flaky-cells.ts';
import type { CellChange, UnjudgedCell } from '../history/newest-night.ts';
import { counted } from '../memory/counted.ts';
import { printableText } from '../memory/printable-text.ts';
import type { HistoryResult } from './history-document.ts';
import { accelWords, differenceWords } from './text/accel-words.ts';
import { detectionWords, renderDetection } from './text/detection.ts';
import { groupBy } from '../group-by.ts';
import { renderShare } from './text/share.ts';
import { type Format, type Style, indented, paint, wrap } from './text/style.ts';

/** Cells that a list names; a kernel that breaks all of them says no more with the rest. */
const NAMED_LIMIT = 20;

/** The newest night for people: what is new in it, what is not, and what it cannot tell. */
export function renderHistory(result: HistoryResult, style: Style): string {
  const { newest, flaky } = result;
  const sections = [
    headLines(result, style),
    listOf({ title: 'New', format: 'red', says: newly }, newest.new, style),
    listOf({ title: 'Fixed', format: 'green', says: fixed }, newest.fixed, style),
    listOf({ title: 'Still broken', format: 'red', says: still }, newest.still, style),
    listOf(
      { title: 'Broken when last judged, not judged in this night', format: 'yellow', says: still },
      newest.open,
      style,
    ),
    listOf({ title: 'Flaky on the same image', format: 'yellow', says: flakily }, flaky, style),
    listOf(
      { title: 'Could not be judged', format: 'yellow', says: unjudged },
      newest.unjudged,
      style,
    ),
    accelLines(result, style),
    detectionLines(result, style),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function headLines({ nights, newest }: HistoryResult, style: Style): string[] {
  const { match, mismatch, unjudged: untold } = newest.counts;
  const cells = counted(match + mismatch + untold, 'cell');
  const before = newest.before === null ? 'the first' : `after ${counted(nights - 1, 'night')}`;
  const counts = `${match} match, ${mismatch} mismatch, ${untold} unjudged`;
  const title = `Night of ${renderTime(newest.start)}, ${before}: ${cells}: ${counts}`;
  const isQuiet = newest.new.length + newest.fixed.length === 0;
  return [
    ...wrap(title, style.width).map((line) => paint(line, 'bold', style)),
    ...(isQuiet ? ['Nothing is new, and nothing was fixed.'] : []),
  ];
}

/** How a list of cells is headed, and what it says of the entries of one cell. */
interface ListWords<Entry> {
  readonly title: string;
  readonly format: Format;
  readonly says: (entries: readonly Entry[]) => string;
}

function listOf<Entry extends { readonly key: string; readonly cell: string }>(
  { title, format, says }: ListWords<Entry>,
  entries: readonly Entry[],
  style: Style,
): string[] {
  if (entries.length === 0) return [];
  const cells = [...groupBy(entries, ({ key }) => key).values()];
  const rest = cells.length - NAMED_LIMIT;
  return [
    paint(`${title} (${counted(cells.length, 'cell')})`, format, style),
    ...cells
      .slice(0, NAMED_LIMIT)
      .flatMap((one) => indented(`${one[0]?.cell}: ${says(one)}`, 2, style)),
    ...(rest > 0 ? [`  and ${rest} more; --json has all`] : []),
  ];
}

function newly(changes: readonly CellChange[]): string {
  const what = changes.map(({ invariant, was }) => {
    const before = was === null ? 'never judged before' : `was ${was}`;
    return `${printableText(invariant)} (${before})`;
  });
  return `${what.join(', ')}${onKernel(changes)}`;
}

function fixed(changes: readonly CellChange[]): string {
  const what = changes.map(({ invariant, since, was }) => {
    const before = was === 'known' ? 'a known defect' : 'broken';
    return `${printableText(invariant)} (${before} since ${renderDay(since)})`;
  });
  return `${what.join(', ')}${onKernel(changes)}`;
}

function still(changes: readonly CellChange[]): string {
  const what = changes.map(
    ({ invariant, since }) => `${printableText(invariant)} since ${renderDay(since)}`,
  );
  return what.join(', ');
}

function onKernel([first]: readonly CellChange[]): string {
  const release = first?.kernel.release ?? null;
  return release === null ? '' : ` on ${printableText(release)}`;
}

function flakily(flaky: readonly FlakyCell[]): string {
  return flaky
    .map(
      ({ invariant, broken, accel }) =>
        `${printableText(invariant)} broken in ${renderShare(broken)} under ${accel}`,
    )
    .join(', ');
}

function unjudged(cells: readonly UnjudgedCell[]): string {
  return cells
    .map(({ code, judged }) => {
      const before = judged === null ? 'never judged' : `last judged ${renderDay(judged)}`;
      return `${printableText(code ?? 'unknown')}, ${before}`;
    })
    .join(', ');
}

/** Nothing where one accelerator was never used. */
function accelLines({ accelerators }: HistoryResult, style: Style): string[] {
  const { pairs, differ } = accelerators;
  if (pairs === 0) return [];
  const title = wrap(`KVM and TCG: ${accelWords(accelerators)}`, style.width);
  const rest = differ.length - NAMED_LIMIT;
  return [
    ...title.map((line) => paint(line, differ.length > 0 ? 'yellow' : 'green', style)),
    ...differ
      .slice(0, NAMED_LIMIT)
      .flatMap(({ cell, differences }) =>
        indented(
          `${cell}: ${differences.map((one) => printableText(differenceWords(one))).join('; ')}`,
          2,
          style,
        ),
      ),
    ...(rest > 0 ? [`  and ${rest} more; --json has all`] : []),
  ];
}

function detectionLines({ detection }: HistoryResult, style: Style): string[] {
  const words = detectionWords(detection, 'night');
  return words === null ? [] : renderDetection(words, style);
}

/** `2026-11-22 22:00 UTC`. */
function renderTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}

function renderDay(iso: string | null): string {
  return iso === null ? 'this night' : iso.slice(0, 10);
}
