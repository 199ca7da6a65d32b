// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import { INVARIANT_IDS } from '../../check/invariants/invariants.ts';
import type { JudgedCell } from '../../matrix/judged-cell.ts';
import { printableText } from '../../memory/printable-text.ts';
import { crashkernelName, kernelNames, layoutName } from '../text/cell-names.ts';
import { groupBy } from '../../group-by.ts';
import { type Markup, html } from './markup.ts';
import { MARKS, type Mark, OUTCOME_MARKS, verdictMark } from './outcome-marks.ts';

/** A cell in the map. */
interface Spot {
  readonly cell: JudgedCell;
  readonly kernel: string;
  readonly layout: string;
}

/** What else tells the cells apart that share a kernel and a layout. */
const SETTINGS: readonly (readonly [string, (record: CellRecord) => string])[] = [
  ['crashkernel', crashkernelName],
  ['load', ({ spec }) => spec.load],
  ['trigger', ({ spec }) => spec.trigger],
  ['cpus', ({ spec }) => String(spec.cpus)],
  ['MiB', ({ spec }) => String(spec.memoryMiB)],
  ['accel', ({ spec, machine }) => machine?.accel.kind ?? spec.accel],
  ['vmcore', ({ spec }) => spec.vmcore],
  ['ovmf', ({ spec }) => spec.ovmf],
  ['append', ({ spec }) => spec.append || 'nothing'],
];

/** Kernels × layouts, a letter for each cell; the script shows a promise instead of the verdicts. */
export function renderHeatMap(cells: readonly JudgedCell[]): Markup {
  const kernels = kernelNames(cells.map(({ record }) => record));
  const spots = cells.map((cell, nr): Spot => {
    return { cell, kernel: kernels[nr] ?? '', layout: layoutName(cell.record) };
  });
  const layouts = [...new Set(spots.map(({ layout }) => layout))];
  const settings = SETTINGS.filter(
    ([, textOf]) => new Set(cells.map(({ record }) => textOf(record))).size > 1,
  );
  const rows = Array.from(
    groupBy(spots, ({ kernel }) => kernel),
    ([kernel, row]) => {
      const byLayout = groupBy(row, ({ layout }) => layout);
      const columns = layouts.map(
        (layout) =>
          html`<td>${(byLayout.get(layout) ?? []).map((spot) => square(spot, settings))}</td>`,
      );
      return html`<tr>
        <th scope="row">${kernel}</th>
        ${columns}
      </tr> `;
    },
  );
  const used = new Set(cells.map((cell) => verdictMark(cell)));
  return html`<section id="heat" aria-labelledby="heat-title">
    <h2 id="heat-title">Kernels × layouts</h2>
    <p class="needs-script">
      <label for="promise">Show</label>
      <select id="promise">
        <option value="">verdicts</option>
        ${INVARIANT_IDS.map((id, nr) => html`<option value="${nr}">${id}</option>`)}
      </select>
    </p>
    ${legend(
      MARKS.filter((mark) => used.has(mark)),
      'verdicts',
    )}
    ${legend(Object.values(OUTCOME_MARKS), 'outcomes')}
    <div class="scroll" tabindex="0" role="region" aria-labelledby="heat-title">
      <table class="heat">
        <thead>
          <tr>
            <th scope="col">kernel</th>
            ${layouts.map((layout) => html`<th scope="col">${layout}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </section> `;
}

function square({ cell, kernel, layout }: Spot, settings: typeof SETTINGS): Markup {
  const { record, judgement } = cell;
  const mark = verdictMark(cell);
  const outcomes = new Map(judgement.invariants.map(({ id, outcome }) => [id, outcome]));
  const letters = INVARIANT_IDS.map((id) => OUTCOME_MARKS[outcomes.get(id) ?? 'not-asked'].letter);
  const set = settings.map(([name, textOf]) => `, ${name} ${textOf(record)}`).join('');
  return html`<a
    class="square ${mark.style}"
    href="${cellAddress(record.id)}"
    data-outcomes="${letters.join('')}"
    title="${kernel}, ${layout}${set}: ${mark.is}"
    >${mark.letter}</a
  >`;
}

/** Where a cell's page is, in the report. */
export function cellAddress(id: string): string {
  return `#cell-${encodeURIComponent(printableText(id))}`;
}

/** A link to a cell's page. */
export function cellLink({ record: { id } }: Pick<JudgedCell, 'record'>): Markup {
  return html`<a href="${cellAddress(id)}">${id}</a>`;
}

function legend(marks: readonly Mark[], of: string): Markup {
  return html`<ul class="legend of-${of}">
    ${marks.map(
      ({ letter, style, is }) =>
        html`<li><span class="square ${style}">${letter}</span> ${is}</li>`,
    )}
  </ul>`;
}
