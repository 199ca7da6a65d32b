// SPDX-License-Identifier: MIT
import type { SignName } from '../text/page-map-text.ts';

/** The colours of a page: its ground, and the letter on it. */
type Colours = readonly [ground: string, letter: string];

/**
 * Colours by scheme, after Okabe and Ito ("Color Universal Design", 2008): people who confuse red with green tell them
 * apart, and so does a grey printer where it matters: free is the lightest, the lock the strongest.
 */
const SIGN_COLOURS: Readonly<
  Record<SignName, { readonly light: Colours; readonly dark: Colours }>
> = {
  firmware: { light: ['#ead9e6', '#6f4f67'], dark: ['#3a2c3d', '#b193ac'] },
  page0: { light: ['#57606a', '#ffffff'], dark: ['#8b949e', '#0d1117'] },
  bios: { light: ['#f3e9a0', '#6a5b00'], dark: ['#5c5213', '#f0e68c'] },
  'boot-services': { light: ['#d55e00', '#240d00'], dark: ['#d55e00', '#240d00'] },
  kernel: { light: ['#009e73', '#001a12'], dark: ['#009e73', '#001a12'] },
  trampoline: { light: ['#e69f00', '#3d2a00'], dark: ['#e69f00', '#2b1d00'] },
  lock: { light: ['#0072b2', '#ffffff'], dark: ['#0f6cb0', '#ffffff'] },
  reserved: { light: ['#c9ced4', '#4a525b'], dark: ['#424a53', '#b6bec8'] },
  pool: { light: ['#9fd3f2', '#0b4a6e'], dark: ['#22506b', '#a9dcf8'] },
  undecided: { light: ['#ffffff', '#57606a'], dark: ['#0d1117', '#8b949e'] },
  free: { light: ['#f6f8fa', '#57606a'], dark: ['#161b22', '#a5b0bb'] },
  'seen-reserved': { light: ['#c9ced4', '#4a525b'], dark: ['#424a53', '#b6bec8'] },
  'seen-absent': { light: ['#ead9e6', '#6f4f67'], dark: ['#3a2c3d', '#b193ac'] },
  'seen-free': { light: ['#f6f8fa', '#57606a'], dark: ['#161b22', '#a5b0bb'] },
  'seen-used': { light: ['#f6f8fa', '#57606a'], dark: ['#161b22', '#a5b0bb'] },
  unknown: { light: ['#ffffff', '#57606a'], dark: ['#0d1117', '#8b949e'] },
};

/** What else an image has: each a class, with the property that the scheme gives a colour. */
const OTHER_COLOURS = {
  sheet: { property: 'fill', light: '#ffffff', dark: '#0d1117' },
  text: { property: 'fill', light: '#1f2328', dark: '#e6edf3' },
  dim: { property: 'fill', light: '#59636e', dark: '#8d96a0' },
  grid: { property: 'stroke', light: '#ffffff', dark: '#0d1117' },
  frame: { property: 'stroke', light: '#d1d9e0', dark: '#30363d' },
  match: { property: 'fill', light: '#1a7f37', dark: '#3fb950' },
  mismatch: { property: 'fill', light: '#c4311e', dark: '#ff7b72' },
  unjudged: { property: 'fill', light: '#9a6700', dark: '#d29922' },
  outline: { property: 'stroke', light: '#c4311e', dark: '#ff7b72' },
} as const;

type Scheme = 'light' | 'dark';

/** The same colours for pages of a map in HTML: a class for each sign, `s-` and its name. */
export function pageStyles(): string {
  return `${pageRules('light')}\n@media (prefers-color-scheme: dark) {${pageRules('dark')}}`;
}

function pageRules(scheme: Scheme): string {
  return Object.entries(SIGN_COLOURS)
    .map(
      ([
        name,
        {
          [scheme]: [ground, letter],
        },
      ]) => `.s-${name}{background:${ground};color:${letter}}`,
    )
    .join('');
}

/** The style sheet of an image: its fonts, and its colours for a light and a dark surrounding. */
export function styleSheet(): string {
  return [
    'svg{color-scheme:light dark}',
    "text{font-family:-apple-system,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif}",
    '.strong{font-weight:600}',
    '.frame,.outline{fill:none}',
    ".page{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace}",
    ...schemeRules('light'),
    `@media (prefers-color-scheme:dark){${schemeRules('dark').join('')}}`,
  ].join('\n');
}

function schemeRules(scheme: Scheme): string[] {
  const signs = Object.entries(SIGN_COLOURS).map(([name, colours]) => {
    const [ground, letter] = colours[scheme];
    return `.${name}{fill:${ground}}.on-${name}{fill:${letter}}`;
  });
  const others = Object.entries(OTHER_COLOURS).map(
    ([name, colours]) => `.${name}{${colours.property}:${colours[scheme]}}`,
  );
  return [...signs, ...others];
}
