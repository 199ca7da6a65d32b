// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgedCell } from '../../matrix/testing/judged-cell-builder.ts';
import { agrees } from '../../check/observe/agreement.ts';
import type { Judgement } from '../../check/judgement.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { pagesOfRun } from '../../memory/page-map.ts';
import { pfn } from '../../memory/pfn.ts';
import { predict } from '../../model/prediction.ts';
import { STOCK } from '../../model/testing/machine-builder.ts';
import { invariant } from '../testing/run-builder.ts';
import { renderPageGrids } from './page-grids.ts';
import { pageMoments } from './page-moments.ts';
import { wordsIn } from './testing/report-parts.ts';

const prediction = predict({ ...STOCK, cmdline: 'crashkernel=128M' }, 'two-phase');
const asPredicted = prediction.pages.map(({ owner }): PageClass =>
  agrees(owner, 'free') ? 'free' : 'reserved',
);
const withFree = (...pages: readonly number[]): PageClass[] =>
  asPredicted.map((seen, page) => (pages.includes(page) ? 'free' : seen));

function judgement(
  words: Partial<Judgement['observation']>,
  rest: Partial<Judgement> = {},
): Judgement {
  const { observation, ...other } = judgedCell().judgement;
  return { ...other, prediction, observation: { ...observation, ...words }, ...rest };
}

describe('what is shown of the pages', () => {
  const shown = pageMoments(
    judgement({ pages: { value: asPredicted }, pagesAtCrash: { value: withFree(0x50) } }),
  );

  it('is each moment of the prediction, and beneath the last what was observed', () => {
    expect(shown?.moments.map(({ name, rows }) => [name, rows.map(({ kind }) => kind)])).toEqual([
      ['after early reservation (setup_arch)', ['predicted']],
      ['at the hand-over to the page allocator (memblock_free_all)', ['predicted']],
      ['after boot services are over (efi_enter_virtual_mode)', ['predicted']],
      ['after claims (init_real_mode)', ['predicted']],
      ['at the kexec jump', ['predicted', 'observed', 'crashed']],
    ]);
  });

  it('is the owner of that moment, not of the last', () => {
    expect(shown?.moments.map(({ rows }) => rows[0]?.owners[0x50])).toEqual([
      'pool',
      'pool',
      'pool',
      'lock',
      'lock',
    ]);
  });

  it('marks a page that was not observed as predicted, in that row alone', () => {
    const rows = shown?.moments.at(-1)?.rows ?? [];
    expect(rows.map(({ marks }) => marks[0x50])).toEqual([null, null, 'unpredicted']);
    expect(rows.flatMap(({ marks }) => marks.filter((mark) => mark !== null))).toHaveLength(1);
  });

  it('tells a story for all pages that share it', () => {
    const story = shown?.stories.find(({ pages }) => pages.includes(0x50));
    expect(story).toEqual({
      pages: [0x50],
      seen: [
        'predicted: lock',
        'observed in user space: reserved',
        'observed after the crash: free, not as predicted',
      ],
      events: prediction.pages[0x50]?.history,
    });
    expect(shown?.stories.flatMap(({ pages }) => pages).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 256 }, (_, page) => page),
    );
  });

  it('says which invariant is broken where, the worst of several by its mark', () => {
    const invariants = [
      invariant({ id: 'lowmem.locked', outcome: 'known', pages: pagesOfRun('0x50-0x51') }),
      invariant({ id: 'lowmem.untouched', outcome: 'broken', pages: [pfn(0x51), pfn(0x300)] }),
    ];
    const broken = pageMoments(judgement({ pages: { value: asPredicted } }, { invariants }));
    const [predicted] = broken?.moments.at(-1)?.rows ?? [];
    expect(predicted?.marks.slice(0x4f, 0x53)).toEqual([null, 'known', 'broken', null]);
    const story = broken?.stories.find(({ pages }) => pages.includes(0x51));
    expect(story?.seen.slice(-2)).toEqual([
      'lowmem.locked is a known defect here',
      'lowmem.untouched is broken here',
    ]);
  });

  it('is what was observed, where nothing is predicted', () => {
    const seen = pageMoments(judgement({ pages: { value: asPredicted } }, { prediction: null }));
    expect(seen?.moments.map(({ rows }) => rows.map(({ kind }) => kind))).toEqual([['observed']]);
  });

  it('is what the memory of a dead kernel shows', () => {
    const died = { role: 'system' } as unknown as NonNullable<Judgement['observation']['died']>;
    const seen = pageMoments(judgement({ pages: { value: asPredicted }, died }));
    expect(seen?.moments.at(-1)?.rows.map(({ kind }) => kind)).toEqual(['predicted', 'died']);
    expect(seen?.stories[0]?.seen).toContain(
      'observed in the memory of the kernel that died: reserved',
    );
  });

  it('is nothing, if nothing is known', () => {
    expect(pageMoments(judgement({}, { prediction: null }))).toBeUndefined();
  });
});

describe('the map of the pages', () => {
  const shown = pageMoments(judgement({ pages: { value: withFree(0x50) } }));
  const map = shown ? renderPageGrids(shown).toString() : '';

  it('has 16 blocks of 16 pages at each moment, predicted above observed', () => {
    const grids = map.split('class="grid"').slice(1);
    expect(grids).toHaveLength(5);
    const rows = [...(grids.at(-1) ?? '').matchAll(/<p data-row="([^"]*)">(.*?)<\/p>/gs)];
    expect(rows.map(([, kind]) => kind)).toEqual(
      Array.from({ length: 16 }, () => ['predicted', 'observed in user space']).flat(),
    );
    const letters = rows.map(([, , row = '']) =>
      [...row.matchAll(/<i[^>]*>([^<]*)/g)].map(([, text]) => text).join(''),
    );
    expect(letters.every(({ length }) => length === 16)).toBe(true);
    expect(letters.slice(10, 12)).toEqual(['L'.repeat(16), `+${'#'.repeat(15)}`]);
  });

  it('says in words what it shows, and what its letters mean', () => {
    expect(map).toContain('aria-label="predicted: page0 0x0, ');
    const words = wordsIn(map);
    for (const meaning of [
      'P predicted',
      'L the lock: ',
      '+ observed: free',
      'not observed as predicted',
    ])
      expect(words).toContain(meaning);
  });
});
