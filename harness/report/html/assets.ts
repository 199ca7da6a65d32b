// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { IS_COMPILED, projectPath } from '../../project-root.ts';
import { screenText } from '../../memory/printable-text.ts';
import { pageStyles } from '../svg/palette.ts';

/** A part of the page that is no HTML, and what a content security policy calls it. */
export interface Asset {
  readonly text: string;
  /** `'sha256-…'` */
  readonly hash: string;
}

/** The script of a report, `page.js`. */
export function pageScript(): Asset {
  return asset(readAsset('page.js'));
}

/** The style sheet of a report: `page.css`, and the colours of page maps. */
export function pageStyle(): Asset {
  return asset(`${readAsset('page.css')}\n${pageStyles()}\n`);
}

/** `scripts/build.mjs` copies them. */
function readAsset(name: string): string {
  const folder = IS_COMPILED ? 'dist' : 'harness';
  return readFileSync(projectPath(`${folder}/report/html/${name}`), 'utf8');
}

/** The hash is that of the text as it is written: see `screenText()`. */
function asset(source: string): Asset {
  const text = screenText(source.replace(/^\/\* SPDX.*\n|^\/\/ SPDX.*\n/, ''));
  return { text, hash: `'sha256-${createHash('sha256').update(text).digest('base64')}'` };
}
