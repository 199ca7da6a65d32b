// SPDX-License-Identifier: MIT
import { type AccelPairs, accelPairs } from '../../history/accel-pairs.ts';
import { flakyCells } from '../../history/flaky-cells.ts';
import type { History } from '../../history/line-collector.ts';
import { type NewestNight, type UnjudgedCell, newestNight } from '../../history/newest-night.ts';
import { type NightCounts, nightSeries } from '../../history/night-series.ts';
import { nightsOf } from '../../history/nights.ts';
import { counted } from '../../memory/counted.ts';
import { accelWords, differenceWords } from '../text/accel-words.ts';
import { type DetectionWords, detectionWords } from '../text/detection.ts';
import { DETECTION_STYLES, renderDetection } from './detection.ts';
import { keyAddress, renderHistoryCells } from './history-cells.ts';
import { linkTo, list, renderChanges } from './history-parts.ts';
import { type Markup, html } from './markup.ts';
import { renderPage } from './page-frame.ts';

/** Nights that the page shows. */
const SHOWN_NIGHTS = 60;

/** Pairs that are named. */
const SHOWN_PAIRS = 200;

/**
 * A history as one HTML file that needs nothing else, and no script: what its newest night changed, a line for each
 * night, KVM and TCG side by side, and each cell with its strip, its rates and how long it takes.
 */
export function renderHistoryPage({ lines, skipped }: History): string {
  const nights = nightsOf(lines);
  const newest = newestNight(nights);
  const series = nightSeries(nights, SHOWN_NIGHTS);
  const size = `${counted(nights.starts.length, 'night')}, ${counted(nights.cells.size, 'cell')}, ${counted(lines.length, 'verdict')}`;
  const cut = skipped.count === 0 ? '' : `; ${counted(skipped.count, 'line')} could not be read`;
  return renderPage({
    title: 'sub1m history',
    header: html`<h1>sub1m history</h1>
      <p>${size}${cut}</p>`,
    main:
      newest === null
        ? html`<p>No run is noted in this history.</p>`
        : html`${newestSection(newest, flakyCells(nights), series.at(-1))}
          ${nightsSection(series)}${accelSection(accelPairs(lines))}${renderHistoryCells(nights, SHOWN_NIGHTS)}`,
  });
}

function newestSection(
  newest: NewestNight,
  flaky: ReturnType<typeof flakyCells>,
  night: NightCounts | undefined,
): Markup {
  const detection = night ? detectionWords(night.detection, 'night') : null;
  const isBlind = detection?.state === 'blind';
  return html`<section aria-labelledby="newest-title">
    <h2 id="newest-title">The night of ${timeOf(newest.start)}</h2>
    <ul class="tiles">
      ${night ? countTiles(night) : null}${faultTile(detection)}
    </ul>
    ${isBlind ? renderDetection(detection) : null}
    ${renderChanges({ newest, flaky }, keyAddress)}${list('Could not be judged', newest.unjudged.map(unjudgedWords))}${
      isBlind
        ? null
        : html`<h3>Seeded faults</h3>
            ${renderDetection(detection)}`
    }
  </section> `;
}

function countTiles({ counts, new: fresh, fixed, still, flaky }: NightCounts): Markup[] {
  const tiles: readonly (readonly [string, number, string])[] = [
    ['new', fresh, 'bad'],
    ['fixed', fixed, 'good'],
    ['still broken', still, 'bad'],
    ['flaky', flaky, 'unsure'],
    ['unjudged', counts.unjudged, 'unsure'],
    ['match', counts.match, 'good'],
    ['mismatch', counts.mismatch, 'bad'],
  ];
  return tiles.map(
    ([name, count, style]) =>
      html`<li class="${count > 0 ? style : 'none'}"><b>${count}</b> ${name}</li>`,
  );
}

function faultTile(words: DetectionWords | null): Markup | null {
  if (words === null) return null;
  const { state, caught, total } = words;
  return html`<li class="${DETECTION_STYLES[state]}">
    <b>${caught} of ${total}</b> seeded faults would be caught
  </li>`;
}

function unjudgedWords(cell: UnjudgedCell): Markup {
  const { code, judged } = cell;
  const last = judged === null ? 'never judged' : `last judged ${judged.slice(0, 10)}`;
  return html`${linkTo(cell, keyAddress)}: <code>${code ?? 'unknown'}</code>, ${last}`;
}

/** A row for each night, the newest first. */
function nightsSection(series: readonly NightCounts[]): Markup {
  const heads = ['night', 'match', 'mismatch', 'unjudged', 'new', 'fixed', 'still broken', 'flaky'];
  return html`<section aria-labelledby="nights-title">
    <h2 id="nights-title">Night by night</h2>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="nights-title">
      <table class="nights">
        <thead>
          <tr>
            ${[...heads, 'detection power'].map((head) => html`<th scope="col">${head}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${series.toReversed().map(nightRow)}
        </tbody>
      </table>
    </div>
  </section> `;
}

function nightRow(night: NightCounts): Markup {
  const { start, counts, new: fresh, fixed, still, flaky, detection } = night;
  const words = detectionWords(detection, 'night');
  const cells: readonly (readonly [number, string])[] = [
    [counts.match, 'none'],
    [counts.mismatch, 'worse'],
    [counts.unjudged, 'unsure'],
    [fresh, 'bad'],
    [fixed, 'good'],
    [still, 'worse'],
    [flaky, 'unsure'],
  ];
  return html`<tr>
    <th scope="row">${start.slice(0, 10)}</th>
    ${cells.map(([count, style]) => html`<td class="number ${count > 0 ? style : 'zero'}">${count}</td>`)}
    <td>${words === null ? 'none tried' : powerWords(words)}</td>
  </tr> `;
}

function powerWords({ state, caught, total, lists }: DetectionWords): Markup {
  const [worst] = lists;
  const names = worst === undefined || worst.says === 'caught' ? null : worst;
  return html`<span class="power ${DETECTION_STYLES[state]}">${caught} of ${total}</span>${
      names === null ? null : html` ${names.says}: ${names.names.join(', ')}`
    }`;
}

/** That a verdict does not depend on the accelerator is said as far as it was seen, and no further. */
function accelSection(pairs: AccelPairs): Markup {
  const rows = pairs.differ
    .slice(0, SHOWN_PAIRS)
    .map(
      (pair) =>
        html`<li>
          ${linkTo(pair, keyAddress)}, ${pair.kernel.release ?? pair.kernel.ref}:
          ${pair.differences.map((one) => html`<br />${differenceWords(one)}`)}
        </li> `,
    );
  const rest = pairs.differ.length - rows.length;
  return html`<section aria-labelledby="accel-title">
    <h2 id="accel-title">KVM and TCG side by side</h2>
    <p>As far as it was seen: ${accelWords(pairs)}.</p>
    ${
      rows.length === 0
        ? null
        : html`<ul>
            ${rows}${rest > 0 ? html`<li>and ${rest} more</li>` : null}
          </ul>`
    }
  </section> `;
}

function timeOf(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
}
