// SPDX-License-Identifier: MIT
import { type Asset, pageStyle } from './assets.ts';
import { type Markup, html, ownElement } from './markup.ts';

/** What a page is made of. */
export interface PageParts {
  readonly title: string;
  readonly header: Markup;
  readonly main: Markup;
  /** What stands behind it, before the script. */
  readonly after?: Markup;
  readonly script?: Asset;
}

/** A page that needs nothing else: its policy lets nothing be loaded, and runs no script but its own. */
export function renderPage({ title, header, main, after, script }: PageParts): string {
  const style = pageStyle();
  const scripts = script === undefined ? '' : ` script-src ${script.hash};`;
  const policy = `default-src 'none';${scripts} style-src ${style.hash}; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${ownElement('style', style.text)}
      </head>
      <body>
        <a class="skip" href="#main">To the report</a>
        <header>${header}</header>
        <main id="main" tabindex="-1">${main}</main>
        ${after ?? null}${script === undefined ? null : ownElement('script', script.text)}
      </body>
    </html> `.toString();
}
