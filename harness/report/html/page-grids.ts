// SPDX-License-Identifier: MIT
import { PAGE_SIZE, pfn } from '../../memory/pfn.ts';
import { renderPages } from '../../memory/page-map.ts';
import { GROUP_PAGES, type Sign, signOf } from '../text/page-map-text.ts';
import { type Markup, html } from './markup.ts';
import {
  type PageMark,
  type PageMoments,
  type PageRow,
  type PageStory,
  ROW_NAMES,
} from './page-moments.ts';

/** What stands left of a row. */
const ROW_LETTERS: Readonly<Record<PageRow['kind'], string>> = {
  predicted: 'P',
  observed: 'O',
  died: 'O',
  crashed: 'C',
};

/** How marked pages are drawn. */
const PAGE_MARKS: Readonly<Record<NonNullable<PageMark>, string>> = {
  broken: 'an invariant is broken on these pages',
  known: 'a known defect shows on these pages',
  unpredicted: 'not observed as predicted',
};

/**
 * The pages at each moment, predicted above observed, and their stories. It can be read as it is; the page's script
 * makes a grid of each map, in which every page tells its story.
 */
export function renderPageGrids({ moments, stories }: PageMoments): Markup {
  const rows = moments.flatMap((moment) => moment.rows);
  return html`<div class="maps">
    ${moments.map(
      (moment) =>
        html`<h4>${moment.name[0]?.toUpperCase() ?? ''}${moment.name.slice(1)}</h4>
          <div class="grid" role="img" aria-label="${describe(moment.rows)}">
            ${blocks(moment.rows)}
          </div> `,
    )}${gridLegend(rows)}
    <details class="stories">
      <summary>How the pages came to their owners</summary>
      <dl>${stories.map(renderStory)}</dl>
    </details>
  </div>`;
}

function blocks(rows: readonly PageRow[]): Markup[] {
  const nr = (rows[0]?.owners.length ?? 0) / GROUP_PAGES;
  return Array.from({ length: nr }, (_, block) => {
    const first = block * GROUP_PAGES;
    const address = `0x${(first * PAGE_SIZE).toString(16).padStart(5, '0')}`;
    return html`<div><b>${address}</b>${rows.map((row) => blockRow(row, first))}</div>`;
  });
}

/** 16 pages; neighbours that are shown alike are one element. */
function blockRow(row: PageRow, first: number): Markup {
  const runs: { style: string; text: string }[] = [];
  for (let page = first; page < first + GROUP_PAGES; page++) {
    const { name, symbol } = signIn(row, page);
    const mark = row.marks[page] ?? null;
    const style = mark === null ? `s-${name}` : `s-${name} on-${mark}`;
    const last = runs.at(-1);
    if (last?.style === style) last.text += symbol;
    else runs.push({ style, text: symbol });
  }
  return html`<p data-row="${ROW_NAMES[row.kind]}">
    <u>${ROW_LETTERS[row.kind]}</u
    >${runs.map(({ style, text }) => html`<i class="${style}">${text}</i>`)}
  </p>`;
}

function signIn(row: PageRow, page: number): Sign {
  if (row.kind === 'predicted') {
    return signOf({ predicted: row.owners[page] ?? null, observed: null });
  }
  const seen = row.owners[page] ?? null;
  return { ...signOf({ predicted: null, observed: seen }), is: `observed: ${seen ?? 'nothing'}` };
}

/** The map in words, for those who do not see it: `predicted: page0 0x0, bios 0x1-0xf`. */
function describe(rows: readonly PageRow[]): string {
  return rows
    .map(({ kind, owners }) => {
      const byOwner = new Map<string, number[]>();
      for (const [page, owner] of owners.entries()) {
        const pages = byOwner.get(owner) ?? [];
        pages.push(page);
        byOwner.set(owner, pages);
      }
      const parts = Array.from(byOwner, ([owner, pages]) => `${owner} ${runsOf(pages)}`);
      return `${ROW_NAMES[kind]}: ${parts.join(', ')}`;
    })
    .join('; ');
}

function runsOf(pages: readonly number[]): string {
  return renderPages(pages.map(pfn)).join(' ');
}

function gridLegend(rows: readonly PageRow[]): Markup {
  const kinds = new Set(rows.map(({ kind }) => kind));
  const marks = new Set(rows.flatMap((row) => row.marks));
  const signs = new Map(
    rows
      .flatMap((row) => row.owners.map((_, page) => signIn(row, page)))
      .map((sign) => [sign.name, sign]),
  );
  return html`<ul class="legend">
    ${[...kinds].map((kind) => html`<li><u>${ROW_LETTERS[kind]}</u> ${ROW_NAMES[kind]}</li>`)}${[
      ...signs.values(),
    ].map(({ name, symbol, is }) => html`<li><i class="s-${name}">${symbol}</i> ${is}</li>`)}${(
      Object.keys(PAGE_MARKS) as NonNullable<PageMark>[]
    )
      .filter((mark) => marks.has(mark))
      .map((mark) => html`<li><i class="s-free on-${mark}">&nbsp;</i> ${PAGE_MARKS[mark]}</li>`)}
  </ul>`;
}

/** The script looks for the page's number in `data-pages`. */
function renderStory({ pages, seen, events }: PageStory): Markup {
  const runs = runsOf(pages);
  return html`<div data-pages="${runs}">
    <dt>${pages.length === 1 ? 'page' : 'pages'} ${runs}</dt>
    <dd>
      ${seen.map((line) => html`${line}<br />`)}
      <ol>
        ${events.map(
          ({ step, owner, why }) => html`<li><code>${step}</code>: <b>${owner}</b>, ${why}</li>`,
        )}
      </ol>
    </dd>
  </div> `;
}
