// SPDX-License-Identifier: MIT
import type { StripMark, StripNight } from '../../history/cell-strip.ts';
import type { CellChange } from '../../history/newest-night.ts';
import { counted } from '../../memory/counted.ts';
import type { Seen } from '../../seen.ts';
import { cellAddress } from './heat-map.ts';
import { type Markup, type Part, html } from './markup.ts';
import { type Mark, VERDICT_MARKS } from './outcome-marks.ts';
import type { RunHistory } from './run-history.ts';

/** What a cell showed in a night. */
const STRIP_MARKS: Readonly<Record<StripMark, Mark>> = {
  match: VERDICT_MARKS.match,
  known: VERDICT_MARKS.defect,
  broken: { letter: 'X', style: 'bad', is: 'broken' },
  flaky: { letter: '~', style: 'unsure', is: 'flaky: both, on the same image' },
  unjudged: VERDICT_MARKS.unjudged,
  'not-run': { letter: '·', style: 'none', is: 'not run' },
};

type Kind = 'new' | 'fixed' | 'still' | 'open';

/** What a reader looks for, in this order. */
const LISTS: Readonly<Record<Kind, string>> = {
  new: 'New since the night before',
  fixed: 'Fixed',
  still: 'Still broken',
  open: 'Broken when it was last judged, and not judged this night',
};

/** Lines of a list that are shown. */
const SHOWN_LINES = 40;

/** What is new, fixed, still broken and flaky, over all runs of the night; or why it is not known. */
export function renderHistory(history: Seen<RunHistory>): Markup {
  const content = 'why' in history ? html`<p>${history.why}</p>` : lists(history.value);
  return html`<section id="history" aria-labelledby="history-title">
    <h2 id="history-title">Against the nights before</h2>
    ${content}
  </section> `;
}

function lists({ nights, newest, flaky }: RunHistory): Markup {
  const kinds = Object.keys(LISTS) as Kind[];
  const notes = flaky.map(({ cell, invariant, broken }) => {
    return html`${linkTo(cell)}: <code>${invariant}</code> broken in ${broken.count} of ${broken.of}
      runs of the same image`;
  });
  return html`<p>
      ${counted(nights, 'night')} in the history, the last before this one ${newest.before}.
    </p>
    ${kinds.map((kind) => list(LISTS[kind], newest[kind].map(changeWords)))} ${list('Flaky', notes)}`;
}

function list(title: string, lines: readonly Part[]): Markup {
  const rest = lines.length - SHOWN_LINES;
  return html`<h3>${title}: ${lines.length}</h3>
    <ul>
      ${lines.slice(0, SHOWN_LINES).map((line) => html`<li>${line}</li>`)}
      ${rest > 0 ? html`<li>and ${rest} more</li>` : null}
    </ul>`;
}

function changeWords({ cell, invariant, since, kernel }: CellChange): Markup {
  const when = since === null ? null : html`, since ${since}`;
  return html`${linkTo(cell)}: <code>${invariant}</code>, ${kernel.release ?? kernel.ref}${when}`;
}

function linkTo(cell: string): Markup {
  return html`<a href="${cellAddress(cell)}">${cell}</a>`;
}

/** What became of a cell in the last nights, a letter for each. */
export function renderStrip(strip: readonly StripNight[]): Markup {
  return html`<h3>The last nights</h3>
    <p class="strip">
      ${strip.map(({ start, mark, release, isNewImage }) => {
        const { letter, style, is } = STRIP_MARKS[mark];
        const kernel = `${release ?? 'no kernel'}${isNewImage ? ', a new image' : ''}`;
        return html`<span
          class="square ${style}"
          role="img"
          aria-label="${start}: ${is}"
          title="${start}: ${is}; ${kernel}"
          >${letter}</span
        > `;
      })}
    </p>`;
}
