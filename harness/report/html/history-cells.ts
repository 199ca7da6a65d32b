// SPDX-License-Identifier: MIT
import { type CellHistory, cellHistory } from '../../history/cell-history.ts';
import type { CellRate } from '../../history/cell-rates.ts';
import type { StripMark, StripNight } from '../../history/cell-strip.ts';
import type { Nights } from '../../history/nights.ts';
import { counted } from '../../memory/counted.ts';
import { groupBy } from '../../group-by.ts';
import { percent, renderShare } from '../text/share.ts';
import { STRIP_MARKS } from './history-parts.ts';
import { type Markup, html } from './markup.ts';
import { type Mark, VERDICT_MARKS } from './outcome-marks.ts';

/** With a seeded fault a match is a fault that was caught. */
const FAULT_MARKS: Readonly<Record<StripMark, Mark>> = {
  ...STRIP_MARKS,
  match: VERDICT_MARKS.caught,
  broken: VERDICT_MARKS.missed,
};

const ACCELS = ['kvm', 'tcg'] as const;

/** Where a cell is on the page of a history: names may be there twice, keys are not. */
export function keyAddress({ key }: { readonly key: string }): string {
  return `#cell-${key}`;
}

/** All cells: those that ever showed something else than a match come first, open for all to see. */
export function renderHistoryCells(nights: Nights, count: number): Markup {
  const cells = [...nights.cells.values()].map((cell) => cellHistory(nights, cell, count));
  const [told, quiet] = [cells.filter((cell) => !isQuiet(cell)), cells.filter(isQuiet)];
  const days = nights.starts.slice(-count).map((start) => start.slice(0, 10));
  return html`<section aria-labelledby="cells-title">
    <h2 id="cells-title">Each cell, night by night</h2>
    <p>
      A letter for each night, ${days[0] ?? ''} to ${days.at(-1) ?? ''}; a cell opens with its rates
      (of the runs that judged a promise, those that saw it broken, and the 95 % Wilson interval)
      and how long it takes.
    </p>
    ${legend(cells)}${group('Cells that showed something', told)}${group('Cells that matched in each night in which they ran', quiet)}
  </section> `;
}

function isQuiet({ fault, strip }: CellHistory): boolean {
  return fault === null && strip.every(({ mark }) => mark === 'match' || mark === 'not-run');
}

function group(title: string, cells: readonly CellHistory[]): Markup | null {
  if (cells.length === 0) return null;
  const sorted = cells.toSorted((one, other) => (one.cell < other.cell ? -1 : 1));
  return html`<h3>${title}: ${cells.length}</h3>
    ${sorted.map(renderCell)}`;
}

function legend(cells: readonly CellHistory[]): Markup {
  const marks = new Set(
    cells.flatMap((cell) => [...new Set(cell.strip.map(({ mark }) => marksOf(cell)[mark]))]),
  );
  return html`<ul class="legend">
    ${[...marks].map(({ letter, style, is }) => html`<li><span class="square ${style}">${letter}</span> ${is}</li>`)}
  </ul>`;
}

function marksOf({ fault }: CellHistory): Readonly<Record<StripMark, Mark>> {
  return fault === null ? STRIP_MARKS : FAULT_MARKS;
}

function renderCell(cell: CellHistory): Markup {
  const { key, cell: name, fault, durations } = cell;
  const release = cell.strip.findLast((night) => night.release !== null)?.release ?? null;
  return html`<details class="cell" id="cell-${key}">
    <summary>
      ${name}${fault === null ? null : html`, seeded fault <code>${fault}</code>`} ${stripOf(cell)}
    </summary>
    ${release === null ? null : html`<p>Last run with ${release}.</p>`}${rates(cell.rates)}
    ${durations.map(
      ({ accel, runs, median, p90 }) =>
        html`<p>
          ${accel}: median ${median.toFixed(1)} s, nine of ten within ${p90.toFixed(1)} s
          (${counted(runs, 'run')})
        </p>`,
    )}
  </details> `;
}

/** Neighbours that show the same are one element. */
function stripOf(cell: CellHistory): Markup {
  const marks = marksOf(cell);
  const runs: StripNight[][] = [];
  for (const night of cell.strip) {
    const last = runs.at(-1);
    if (last?.[0]?.mark === night.mark) last.push(night);
    else runs.push([night]);
  }
  const says = runs.map((run) => `${spanOf(run)}: ${marks[run[0]?.mark ?? 'not-run'].is}`);
  const bars = runs.map((run, nr) => {
    const { letter, style } = marks[run[0]?.mark ?? 'not-run'];
    return html`<i class="${style}" title="${says[nr] ?? ''}">${letter.repeat(run.length)}</i>`;
  });
  return html`<span class="nights-strip" role="img" aria-label="${says.join('; ')}">${bars}</span>`;
}

function spanOf(run: readonly StripNight[]): string {
  const [first = '', last = ''] = [run[0], run.at(-1)].map((night) => night?.start.slice(0, 10));
  return first === last ? first : `${first} to ${last}`;
}

/** A row for each promise that was ever broken, KVM and TCG side by side; the others are told in a line. */
function rates(all: readonly CellRate[]): Markup {
  const accels = ACCELS.filter((accel) => all.some((rate) => rate.accel === accel));
  const byId = groupBy(all, ({ invariant }) => invariant);
  const bad = [...byId].filter(([, some]) => some.some(({ broken }) => broken.count > 0));
  const sound = all.filter(({ broken }) => broken.count === 0);
  const never = groupBy(sound, ({ accel, broken }) => `${accel} ${broken.of}`);
  const table = html`<table class="rates">
    <thead>
      <tr>
        <th scope="col">broken</th>
        ${accels.map((accel) => html`<th scope="col">under ${accel}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${bad.map(
        ([invariant, some]) =>
          html`<tr>
            <th scope="row"><code>${invariant}</code></th>
            ${accels.map((accel) => html`<td>${shareUnder(accel, some)}</td>`)}
          </tr> `,
      )}
    </tbody>
  </table> `;
  return html`${bad.length > 0 ? table : null}${[...never.values()].map(neverWords)}`;
}

function shareUnder(accel: string, some: readonly CellRate[]): string {
  const rate = some.find((one) => one.accel === accel);
  return rate === undefined ? 'not judged' : renderShare(rate.broken);
}

function neverWords(some: readonly CellRate[]): Markup | null {
  const [first] = some;
  if (!first) return null;
  const { of, high } = first.broken;
  return html`<p>
    ${counted(some.length, 'promise')} never broken in ${counted(of, 'run')} under ${first.accel} (0
    % to ${percent(high)})
  </p>`;
}
