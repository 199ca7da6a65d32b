// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../matrix/testing/judged-cell-builder.ts';
import { pagesOfRun } from '../memory/page-map.ts';
import { renderSvg } from './svg-report.ts';
import {
  HOSTILE,
  LOCKED,
  UNLOCKED,
  brokenCell,
  hostileCell,
  invariant,
  runOf,
  withPages,
} from './testing/run-builder.ts';
import { elementsOf, textsOf } from './testing/xml.ts';

/** The letters of the first map, row by row. */
function letters(xml: string): string[] {
  const rows = new Map<string, string>();
  for (const { attributes, text } of elementsOf(xml)) {
    const { class: style = '', x = '', y = '' } = attributes;
    const isLetters = style.startsWith('page ') && x.split(' ').length === text.length;
    if (isLetters) rows.set(y, (rows.get(y) ?? '') + text);
  }
  return [...rows.values()].filter(({ length }) => length === 64);
}

function outlines(xml: string): Readonly<Record<string, string>>[] {
  return elementsOf(xml).flatMap(({ attributes }) =>
    attributes['class'] === 'outline' ? [attributes] : [],
  );
}

const sound = judgedCell({ judgement: withPages(UNLOCKED) });
const locked = judgedCell({
  axes: { crashkernel: ['256M'] },
  judgement: withPages(LOCKED),
});

describe('renderSvg', () => {
  it('draws the pages of a cell, and says what was run and how it ended', () => {
    const svg = renderSvg(runOf(sound));
    expect(letters(svg)).toEqual([
      `0${'b'.repeat(15)}${'.'.repeat(48)}`,
      '.'.repeat(64),
      `${'.'.repeat(25)}TTTTTTb${'f'.repeat(32)}`,
      'f'.repeat(64),
    ]);
    expect(textsOf(svg).filter((text) => text.includes(' ') || text === 'match')).toEqual([
      'Who owns each page below 1 MiB',
      'sub1m, run run: 1 cell in 1 min 15 s: 1 match, 0 mismatch, 0 unjudged',
      '6.12.43+deb12-cloud-amd64, crashkernel off',
      'match',
      'page 0: taken off the map, it belongs to the BIOS',
      "the BIOS's old habits: the first 64 KiB, its data area up to 640 KiB",
      'nobody: free for the page allocator',
      'the real-mode trampoline, for starting CPUs',
      'firmware: no RAM in the map that the kernel works from',
    ]);
  });

  it('is one document that needs nothing else, in light and in dark', () => {
    const svg = renderSvg(runOf(sound, locked, brokenCell()));
    const names = new Set(elementsOf(svg).map(({ name }) => name));
    expect(names).toEqual(new Set(['svg', 'title', 'desc', 'style', 'rect', 'g', 'text', 'path']));
    expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|url\(|@import|href/);
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
    const used = elementsOf(svg).flatMap(({ attributes }) => attributes['class']?.split(' ') ?? []);
    for (const name of used) expect(svg).toContain(`.${name}{`);
  });

  it('draws maps that are alike once, as the console report does', () => {
    const [one, two] = ['5.10', '6.1'].map((release) =>
      judgedCell({
        axes: { kernel: [release] },
        record: { kernel: { release, image: '', imageSha256: '', package: null } },
        judgement: withPages(UNLOCKED),
      }),
    );
    const lines = textsOf(renderSvg(runOf(one ?? sound, two ?? sound, locked)));
    expect(lines.filter((text) => text.includes('crashkernel '))).toEqual([
      '5.10 and 6.1, crashkernel off',
      '6.12.43+deb12-cloud-amd64, crashkernel 256M',
    ]);
  });

  it('puts an outline around the pages of a broken invariant, and says what is wrong', () => {
    const svg = renderSvg(runOf(brokenCell()));
    expect(outlines(svg)).toEqual([
      expect.objectContaining({ width: '47', 'stroke-dasharray': 'none' }),
      expect.objectContaining({ width: '15' }),
    ]);
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        'mismatch',
        "lowmem.locked is broken: 4 pages below 1 MiB are the system kernel's to use",
        'kdump.dmesg is a known defect: The log ends early',
        'an invariant is broken on these pages',
      ]),
    );
  });

  it('draws a known defect with dashes, and says how many of several cells show it', () => {
    const known = { reference: 'https://bugs.debian.org/1' };
    const defect = invariant({
      id: 'lowmem.locked',
      outcome: 'known',
      known,
      why: 'freed',
      pages: pagesOfRun('0x1e-0x21'),
    });
    const other = { ...locked, judgement: { ...locked.judgement, invariants: [defect] } };
    const svg = renderSvg(runOf(locked, other));
    // Two groups of columns, and the legend.
    expect(outlines(svg).map((outline) => outline['stroke-dasharray'])).toEqual(
      Array(3).fill('5 3'),
    );
    expect(textsOf(svg)).toEqual(
      expect.arrayContaining([
        '1 match, 1 match, known defect',
        '1 of 2 cells: lowmem.locked is a known defect: freed',
      ]),
    );
  });

  it('has no map of a cell that does not show its pages, and says so', () => {
    const lines = textsOf(renderSvg(runOf(hostileCell())));
    expect(lines).toContain('No map: red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>: unjudged');
  });

  it('lets nothing of a guest through but text', () => {
    const { record, judgement } = hostileCell();
    const cell = { record, judgement: { ...judgement, ...withPages(LOCKED) }, folder: HOSTILE };
    const svg = renderSvg({ ...runOf(cell), id: HOSTILE });
    expect(elementsOf(svg).some(({ name }) => name === 'x')).toBe(false);
    expect(svg).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(textsOf(svg)).toContain(
      'red]]> # SKIP \\ <x a="1"> &amp; 1..1 not ok]]>, crashkernel off',
    );
  });

  it('cuts what would leave the image', () => {
    const kernel = { release: 'x'.repeat(500), image: '', imageSha256: '', package: null };
    const cell = judgedCell({ record: { kernel }, judgement: withPages(UNLOCKED) });
    const [, , name] = textsOf(renderSvg(runOf(cell)));
    expect(name).toMatch(/^x{103}…$/);
  });
});
