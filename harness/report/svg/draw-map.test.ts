// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { CellPage } from '../text/cell-pages.ts';
import { drawMap } from './draw-map.ts';

const page = (predicted: CellPage['predicted']): CellPage => ({ predicted, observed: 'reserved' });

it('draws neighbours that are alike at once, letters above the ground, outlines above both', () => {
  const pages = [page('page0'), page('lock'), page('lock'), { predicted: null, observed: null }];
  const { height, elements } = drawMap(pages, new Map([[2, 'broken']]));
  expect(height).toBe(32);
  const isPart = (text: string): boolean => !text.includes('"dim page"') && !text.includes('frame');
  expect(elements.filter(isPart).map((text) => text.replace(/d="M.*"/, 'd="…"')))
    .toMatchInlineSnapshot(`
      [
        "<rect class="page0" x="60" y="16" width="12" height="16"/>",
        "<rect class="lock" x="72" y="16" width="24" height="16"/>",
        "<rect class="unknown" x="96" y="16" width="12" height="16"/>",
        "<path class="grid" d="…"/>",
        "<text class="page on-page0" font-size="10" x="66" y="28" text-anchor="middle">0</text>",
        "<text class="page on-lock" font-size="10" x="78 90" y="28" text-anchor="middle">LL</text>",
        "<text class="page on-unknown" font-size="10" x="102" y="28" text-anchor="middle">?</text>",
        "<rect class="outline" x="84.5" y="16.5" width="11" height="15" stroke-width="2" stroke-dasharray="none"/>",
      ]
    `);
});

it('breaks a run where a group of columns ends', () => {
  const { elements } = drawMap(Array(20).fill(page('free')) as CellPage[], new Map());
  const grounds = elements.filter((text) => text.startsWith('<rect class="free"'));
  expect(grounds).toEqual([
    '<rect class="free" x="60" y="16" width="192" height="16"/>',
    '<rect class="free" x="259" y="16" width="48" height="16"/>',
  ]);
});
