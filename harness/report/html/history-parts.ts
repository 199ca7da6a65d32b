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
export const STRIP_MARKS: Readonly<Record<StripMark, Mark>> = {
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

function lists(history: RunHistory): Markup {
  const { nights, newest } = history;
  return html`<p>
      ${counted(nights, 'night')} in the history, the last before this one ${newest.before}.
    </p>
    ${renderChanges(history, ({ cell }) => cellAddress(cell))}`;
}

/** Where the page of a cell is. */
type AddressOf = (cell: { readonly cell: string; readonly key: string }) => string;

/** What a night changed, a list for each kind of change, and what is flaky. */
export function renderChanges(
  { newest, flaky }: Pick<RunHistory, 'newest' | 'flaky'>,
  addressOf: AddressOf,
): Markup {
  const kinds = Object.keys(LISTS) as Kind[];
  const notes = flaky.map(({ invariant, broken, ...cell }) => {
    return html`${linkTo(cell, addressOf)}: <code>${invariant}</code> broken in ${broken.count} of
      ${broken.of} runs of the same image`;
  });
  return html`${kinds.map((kind) =>
    list(
      LISTS[kind],
      newest[kind].map((change) => changeWords(change, addressOf)),
    ),
  )}
  ${list('Flaky', notes)}`;
}

/** A list of lines under their number; of many the first. */
export function list(title: string, lines: readonly Part[]): Markup {
  const rest = lines.length - SHOWN_LINES;
  return html`<h3>${title}: ${lines.length}</h3>
    ${
      lines.length === 0
        ? null
        : html`<ul>
            ${lines.slice(0, SHOWN_LINES).map((line) => html`<li>${line}</li>`)}
            ${rest > 0 ? html`<li>and ${rest} more</li>` : null}
          </ul>`
    }`;
}

function changeWords(change: CellChange, addressOf: AddressOf): Markup {
  const { invariant, since, kernel } = change;
  const when = since === null ? null : html`, since ${since.slice(0, 10)}`;
  const link = linkTo(change, addressOf);
  return html`${link}: <code>${invariant}</code>, ${kernel.release ?? kernel.ref}${when}`;
}

/** A link to a cell, by its name. */
export function linkTo(cell: Parameters<AddressOf>[0], addressOf: AddressOf): Markup {
  return html`<a href="${addressOf(cell)}">${cell.cell}</a>`;
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
