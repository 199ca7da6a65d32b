// SPDX-License-Identifier: MIT
import type { DetectionWords } from '../text/detection.ts';
import { type Markup, html } from './markup.ts';

/** Classes of `page.css`. */
export const DETECTION_STYLES = { blind: 'bad', unsure: 'unsure', sees: 'good' } as const;

/** Whether sub1m would see what is wrong, and the faults that say so; the worst first. */
export function renderDetection(words: DetectionWords | null): Markup {
  if (words === null) {
    return html`<p>No seeded fault was tried: nothing shows here whether sub1m would see one.</p>`;
  }
  const { title, state, lists } = words;
  return html`<div class="detection ${DETECTION_STYLES[state]}">
    <p><strong>Detection power:</strong> ${title}</p>
    <ul>
      ${lists.map(({ says, names }) => html`<li>${says}: ${names.map((name, nr) => [nr === 0 ? null : html`, `, html`<code>${name}</code>`])}</li>`)}
    </ul>
  </div> `;
}
