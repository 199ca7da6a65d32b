// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { isChanged } from './compare-cells.ts';
import { expandSpecs } from './expand.ts';
import { compareTwins, twinsEnd, withFreshTwins } from './fresh-twins.ts';
import type { JudgedCell } from './judged-cell.ts';
import { judgedCell } from './testing/judged-cell-builder.ts';

const cells = expandSpecs({
  kernel: Array.from({ length: 200 }, (_, nr) => `debian:6.${nr}`),
}).map((spec) => ({ spec }));

describe('a matrix with twins', () => {
  it('has one for about one cell in ten, always the same, right behind it', () => {
    const all = withFreshTwins(cells, 10);
    const twins = all.flatMap(({ spec }, nr) => (spec.freshFirmware ? [nr] : []));
    expect(twins.length).toBeGreaterThan(5);
    expect(twins.length).toBeLessThan(40);
    for (const nr of twins) {
      expect(all[nr]?.spec).toEqual({ ...all[nr - 1]?.spec, freshFirmware: true });
    }
    expect(withFreshTwins(cells, 10)).toEqual(all);
  });

  it('has none unless asked, and none of a seeded fault or of a fresh cell', () => {
    expect(withFreshTwins(cells, null)).toEqual(cells);
    const fault = { name: 'x', caughtBy: [] };
    const faulty = cells.map((cell) => ({ ...cell, fault }));
    expect(withFreshTwins(faulty, 1)).toEqual(faulty);
    const fresh = cells.map(({ spec }) => ({ spec: { ...spec, freshFirmware: true } }));
    expect(withFreshTwins(fresh, 1)).toEqual(fresh);
  });
});

/** A cell of which page 16 was seen like this. */
function seen(owner: 'reserved' | 'free', freshFirmware: boolean, layout = 'stock'): JudgedCell {
  const { observation } = judgedCell().judgement;
  const pages = Array.from({ length: 256 }, (_, page) => (page === 16 ? owner : 'reserved'));
  const lines = { value: freshFirmware ? ['a line'] : ['another'] };
  return judgedCell({
    axes: { freshFirmware: [freshFirmware], layout: [layout] },
    judgement: { observation: { ...observation, pages: { value: pages }, lowMemoryLog: lines } },
  });
}

describe('twins', () => {
  it('that saw other pages are reported, and end a run as unjudged', () => {
    const pair = [seen('reserved', false), seen('free', true)];
    const [changes, ...others] = compareTwins(pair);
    expect(others).toEqual([]);
    expect(changes?.pages).toEqual([{ page: 16, from: 'reserved', to: 'free' }]);
    expect(twinsEnd(pair)).toBe('unjudged');
  });

  it('that saw the same are no difference, whatever their kernels logged', () => {
    const pair = [seen('free', true), seen('free', false)];
    expect(compareTwins(pair).map(isChanged)).toEqual([false]);
    expect(twinsEnd(pair)).toBe('done');
  });

  it('are only those that are alike in all else, and both in the run', () => {
    expect(compareTwins([seen('reserved', false), seen('free', true, 'thread-2021')])).toEqual([]);
    expect(compareTwins([seen('free', true)])).toEqual([]);
    expect(twinsEnd([seen('free', true)])).toBe('done');
  });
});
