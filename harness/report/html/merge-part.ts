// SPDX-License-Identifier: MIT
import type { Merge } from '../../matrix/merged-run.ts';
import { mergeParts } from '../text/merge-lines.ts';
import { type Markup, html } from './markup.ts';

/** What a run was merged from, and what is missing in it. */
export function renderMerge(merge: Merge): Markup {
  return html`<section id="merge" aria-labelledby="merge-title">
    <h2 id="merge-title">Merged from shards</h2>
    ${mergeParts(merge).map(
      ({ title, isBad, lines }) =>
        html`<h3>${title}</h3>
          <ul class="findings">
            ${lines.map((line) => html`<li class="${isBad ? 'unsure' : 'none'}">${line}</li> `)}
          </ul> `,
    )}
  </section> `;
}
