// SPDX-License-Identifier: MIT
import { type CellChanges, type Comparison, isChanged } from '../../matrix/compare-cells.ts';
import { counted } from '../../memory/counted.ts';
import { pageRuns } from '../text/page-runs.ts';
import { cellLink } from './heat-map.ts';
import { type Markup, html } from './markup.ts';
import { renderPageGrids } from './page-grids.ts';
import { pageMoments } from './page-moments.ts';

/** Cells that are named; a run with more changes has them in its other reports. */
const SHOWN_CELLS = 200;

/** How a run differs from its base: the cells that do, and what took longer. */
export function renderComparison({ base, sameImage, cells, times }: Comparison): Markup {
  const shown = cells.filter((one) => isChanged(one) || one.uncompared !== null);
  const same = cells.length - shown.length;
  return html`<section aria-labelledby="base-title">
    <h2 id="base-title">Compared with ${base}</h2>
    ${sameImage ? html`<p>The images are the same byte for byte: no difference.</p>` : null}
    ${shown.slice(0, SHOWN_CELLS).map(
      (one) =>
        html`<h3>${cellLink(one.cell)}</h3>
          ${changeList(one)}`,
    )}
    ${times.map(({ phase, from, to, cells: nr }) => html`<p>phase ${phase}: ${from.toFixed(1)} s → ${to.toFixed(1)} s in each of ${nr} cells</p>`)}
    <p>No difference in ${counted(same, 'cell')}.</p>
  </section> `;
}

/** A cell against its base: what differs, and the base's pages. */
export function renderCellChanges(base: string, changes: CellChanges): Markup {
  const shown = pageMoments(changes.base.judgement);
  return html`<h3>Compared with ${base}</h3>
    ${changeList(changes)}
    ${
      shown === undefined
        ? null
        : html`<details class="map">
            <summary>The base's pages</summary>
            ${renderPageGrids(shown)}
          </details>`
    } `;
}

function changeList(changes: CellChanges): Markup {
  if (changes.uncompared !== null) return html`<p>Cannot be compared: ${changes.uncompared}</p>`;
  if (!isChanged(changes)) return html`<p>No difference.</p>`;
  const { invariants, log } = changes;
  return html`<ul>
    ${pageRuns(changes).map(
      ({ pages, from, to }) =>
        html`<li>pages <code>${pages.join(', ')}</code>: ${from} → ${to}</li>`,
    )}${invariants.map(
      ({ id, from, to, why, isWorse }) =>
        html`<li${isWorse ? html` class="worse"` : null}><code>${id}</code>: ${from} → ${to}${why === '' ? null : `: ${why}`}</li>`,
    )}${log.gone.map((line) => html`<li>log − <code>${line}</code></li>`)}${log.come.map(
      (line) => html`<li>log + <code>${line}</code></li>`,
    )}
  </ul>`;
}
