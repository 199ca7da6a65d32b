// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { HistoryLine } from './history-line.ts';
import { type NewestNight, newestNight } from './newest-night.ts';
import { nightsOf } from './nights.ts';
import { historyLine, nightStart } from './testing/history-builder.ts';

/** What a night shows of `lowmem.locked`: kept, known, broken, unjudged, not seen, or the cell was not run. */
type Sign = '.' | 'k' | 'X' | '?' | 'u' | '-';

const INVARIANTS = {
  '.': { kept: ['lowmem.locked'] },
  k: { known: ['lowmem.locked'] },
  X: { broken: ['lowmem.locked'] },
  '?': {},
  u: { unseen: ['lowmem.locked'] },
} as const;

/** A cell over nights; each night has another image. */
function cellLines(cell: string, signs: string): HistoryLine[] {
  return Array.from(signs as Iterable<Sign>).flatMap((sign, night) => {
    if (sign === '-') return [];
    const words = { cell, night, image: String(night), run: `run-${night}` };
    const invariants = Object.fromEntries(
      Object.entries(INVARIANTS[sign]).map(([outcome, ids]) => [outcome, [...ids]]),
    );
    if (sign !== '?') return [historyLine({ ...words, invariants })];
    return [historyLine({ ...words, invariants, counted: 'unjudged', code: 'E_DEADLINE' })];
  });
}

/** The newest night of several cells; another keeps all nights there are. */
function compare(cells: Readonly<Record<string, string>>): NewestNight {
  const lengths = Object.values(cells).map(({ length }) => length);
  const sound = cellLines('sound', '.'.repeat(Math.max(...lengths)));
  const lines = [sound, ...Object.entries(cells).map(([name, signs]) => cellLines(name, signs))];
  const sorted = lines.flat().toSorted((one, other) => (one.at < other.at ? -1 : 1));
  const night = newestNight(nightsOf(sorted));
  if (!night) throw new Error('Expected a night');
  return night;
}

const LISTS = ['new', 'fixed', 'still', 'open'] as const;

describe('newestNight()', () => {
  it.each([
    { signs: '..X', list: 'new', since: null, was: 'kept' },
    { signs: '--X', list: 'new', since: null, was: null },
    { signs: '.kX', list: 'new', since: null, was: 'known' },
    { signs: '.X.X', list: 'new', since: null, was: 'kept' },
    // Nothing that could not be judged comes between.
    { signs: 'X.?X', list: 'new', since: null, was: 'kept' },
    { signs: '.X?X', list: 'still', since: 1, was: 'broken' },
    { signs: '.XX', list: 'still', since: 1, was: 'broken' },
    { signs: 'XXX', list: 'still', since: 0, was: 'broken' },
    { signs: '.X-uX', list: 'still', since: 1, was: 'broken' },
    { signs: '.XX.', list: 'fixed', since: 1, was: 'broken' },
    { signs: '.kX.', list: 'fixed', since: 1, was: 'broken' },
    { signs: 'X----------.', list: 'fixed', since: 0, was: 'broken' },
    { signs: 'X----------X', list: 'still', since: 0, was: 'broken' },
    { signs: 'kk.', list: 'fixed', since: 0, was: 'known' },
    { signs: '.X?.', list: 'fixed', since: 1, was: 'broken' },
    { signs: '.XX-', list: 'open', since: 1, was: 'broken' },
    { signs: '.X?', list: 'open', since: 1, was: 'broken' },
    { signs: '.Xu', list: 'open', since: 1, was: 'broken' },
    { signs: 'X-------', list: 'open', since: 0, was: 'broken' },
  ])('"$signs" is $list', ({ signs, list, since, was }) => {
    const night = compare({ cell: signs });
    expect(LISTS.filter((name) => night[name].length > 0)).toEqual([list]);
    expect(night[list as 'new']).toMatchObject([
      {
        cell: 'cell',
        invariant: 'lowmem.locked',
        since: since === null ? null : nightStart(since),
        was,
      },
    ]);
  });

  it.each(['...', '.kk', 'X.?', '.Xk', 'X..', 'X--------', '??', '.-.'])(
    '"%s" is nothing to tell of',
    (signs) => {
      const night = compare({ cell: signs });
      expect(LISTS.filter((name) => night[name].length > 0)).toEqual([]);
    },
  );

  it('names the kernel and the run that showed it', () => {
    const { new: broken, fixed } = compare({ one: '.X', other: 'X.' });
    expect(broken).toMatchObject([{ kernel: { image: '1' }, run: 'run-1' }]);
    expect(fixed).toMatchObject([{ kernel: { image: '1' }, run: 'run-0' }]);
  });

  it('counts the cells of the night, and says which could not be judged, and since when', () => {
    const night = compare({ a: '.?', b: '??', c: 'XX', d: '.-' });
    expect(night.counts).toEqual({ match: 1, mismatch: 1, unjudged: 2 });
    expect(night).toMatchObject({ start: nightStart(1), before: nightStart(0) });
    expect(night.unjudged).toMatchObject([
      { cell: 'a', code: 'E_DEADLINE', run: 'run-1', judged: nightStart(0) },
      { cell: 'b', code: 'E_DEADLINE', run: 'run-1', judged: null },
    ]);
  });

  it('sorts by cell and invariant, whatever the order of lines within a night', () => {
    const broken = { broken: ['lowmem.locked', 'boot.sound'] };
    const lines = ['b', 'a'].map((cell) => historyLine({ cell, invariants: broken }));
    const names = (night: NewestNight | null): string[] =>
      (night?.new ?? []).map(({ cell, invariant }) => `${cell} ${invariant}`);
    const sorted = ['a boot.sound', 'a lowmem.locked', 'b boot.sound', 'b lowmem.locked'];
    expect(names(newestNight(nightsOf(lines)))).toEqual(sorted);
    expect(names(newestNight(nightsOf(lines.toReversed())))).toEqual(sorted);
  });

  it('leaves cells with a seeded fault to the detection power', () => {
    const broken = { broken: ['lowmem.locked'] };
    const lines = [historyLine({ fault: 'leak', invariants: broken, counted: 'match' })];
    expect(newestNight(nightsOf(lines))).toMatchObject({
      counts: { match: 0, mismatch: 0, unjudged: 0 },
      new: [],
    });
  });

  it('has nothing to say without a night', () => {
    expect(newestNight(nightsOf([]))).toBeNull();
  });
});
