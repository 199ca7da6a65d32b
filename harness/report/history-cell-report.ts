// SPDX-License-Identifier: MIT
import type { CellHistory } from '../history/cell-history.ts';
import type { CellRate } from '../history/cell-rates.ts';
import type { StripMark, StripNight } from '../history/cell-strip.ts';
import { counted } from '../memory/counted.ts';
import { printableText } from '../memory/printable-text.ts';
import { groupBy } from '../group-by.ts';
import { percent, renderShare } from './text/share.ts';
import { type Format, type Style, indented, paint, wrap } from './text/style.ts';

/** Nights in a row of a strip. */
const ROW_NIGHTS = 60;

/** Stands beneath a night whose image is another than the one before. */
const NEW_IMAGE = '^';

interface MarkSign {
  /** Tells it without colour. */
  readonly symbol: string;
  readonly format: Format;
  readonly is: string;
}

const MARKS: Readonly<Record<StripMark, MarkSign>> = {
  match: { symbol: '.', format: 'green', is: 'match' },
  known: { symbol: 'k', format: 'yellow', is: 'match, with a known defect' },
  broken: { symbol: 'X', format: 'red', is: 'an invariant is broken' },
  flaky: { symbol: '%', format: 'magenta', is: 'match and broken in one night, on the same image' },
  unjudged: { symbol: '?', format: 'yellow', is: 'could not be judged' },
  'not-run': { symbol: '-', format: 'gray', is: 'not run' },
};

/** With a seeded fault a match is a fault that was caught. */
const FAULT_MEANINGS: Readonly<Partial<Record<StripMark, string>>> = {
  match: 'the seeded fault was caught',
  broken: 'the seeded fault was MISSED',
  flaky: 'caught and missed in one night, on the same image',
};

/** One cell over all nights: a strip, how often it broke what, how long it takes. */
export function renderHistoryCell(result: CellHistory, style: Style): string {
  const { key, cell, fault, strip } = result;
  const title = `${cell} (${key})${fault === null ? '' : `, seeded fault ${printableText(fault)}`}`;
  const sections = [
    [...wrap(title, style.width).map((line) => paint(line, 'bold', style)), ...kernelLine(strip)],
    [...stripLines(strip, style), ...legendLines(result, style)],
    rateLines(result.rates, style),
    result.durations.map(
      ({ accel, runs, median, p90 }) =>
        `${accel}: median ${median.toFixed(1)} s, nine of ten within ${p90.toFixed(1)} s (${counted(runs, 'run')})`,
    ),
  ];
  const shown = sections.filter((lines) => lines.length > 0);
  return `${shown.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function kernelLine(strip: readonly StripNight[]): string[] {
  const release = strip.findLast((night) => night.release !== null)?.release ?? null;
  return release === null ? [] : [`last run with ${printableText(release)}`];
}

function stripLines(strip: readonly StripNight[], style: Style): string[] {
  const rows = Array.from({ length: Math.ceil(strip.length / ROW_NIGHTS) }, (_, row) =>
    strip.slice(row * ROW_NIGHTS, (row + 1) * ROW_NIGHTS),
  );
  return rows.flatMap((row) => {
    const day = row[0]?.start.slice(0, 10) ?? '';
    const signs = row.map(({ mark }) => paint(MARKS[mark].symbol, MARKS[mark].format, style));
    const beneath = row.map(({ isNewImage }) => (isNewImage ? NEW_IMAGE : ' ')).join('');
    const gap = ' '.repeat(day.length);
    const images = beneath.trim() === '' ? [] : [`${gap}  ${beneath.trimEnd()}`];
    return [`${day}  ${signs.join('')}`, ...images];
  });
}

/** What each sign means that is in the strip. */
function legendLines({ strip, fault }: CellHistory, style: Style): string[] {
  const names = (Object.keys(MARKS) as StripMark[]).filter((name) =>
    strip.some(({ mark }) => mark === name),
  );
  const meanings = fault === null ? {} : FAULT_MEANINGS;
  const signs = names.map((name) => {
    const { symbol, format, is } = MARKS[name];
    return `  ${paint(symbol, format, style)}  ${meanings[name] ?? is}`;
  });
  const hasNewImage = strip.some(({ isNewImage }) => isNewImage);
  return [...signs, ...(hasNewImage ? [`  ${NEW_IMAGE}  another kernel image`] : [])];
}

/** A line for each invariant that was ever broken; those that never were are told in one. */
function rateLines(rates: readonly CellRate[], style: Style): string[] {
  const bad = rates.filter(({ broken }) => broken.count > 0);
  const sound = rates.filter(({ broken }) => broken.count === 0);
  return [
    ...bad.flatMap(({ invariant, accel, broken }) =>
      wrap(
        `${printableText(invariant)}: broken in ${renderShare(broken)} under ${accel}`,
        style.width,
      ),
    ),
    ...Array.from(
      groupBy(sound, ({ accel, broken }) => `${accel} ${broken.of}`).values(),
      (group) => neverLine(group),
    ).flatMap((line) => indented(line, 0, style)),
  ];
}

function neverLine(group: readonly CellRate[]): string {
  const [first] = group;
  if (!first) return '';
  const { of, high } = first.broken;
  return `${counted(group.length, 'invariant')} never broken in ${counted(of, 'run')} under ${first.accel} (0 % to ${percent(high)})`;
}
