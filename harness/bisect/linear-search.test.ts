// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from './answers.ts';
import { changes } from './testing/change-builder.ts';
import { type SearchStep, type Side, searchList } from './linear-search.ts';

const LIST = changes('0', '1', '2', '3', '4', '5', '6', '7');

function next(sides: Readonly<Record<string, Side>>) {
  return searchList(LIST, new Map(Object.entries(sides)));
}

describe('searchList', () => {
  it('asks about the middle, and says what is left after it', () => {
    expect(next({})).toMatchObject({ kind: 'ask', change: { id: '3' }, left: 3, steps: 2 });
    expect(next({ 3: 'old' })).toMatchObject({ kind: 'ask', change: { id: '5' }, left: 1 });
  });

  it('works around what is skipped', () => {
    expect(next({ 3: 'skip' })).toMatchObject({ change: { id: '4' } });
    expect(next({ 3: 'skip', 4: 'skip' })).toMatchObject({ change: { id: '2' } });
  });

  it('ends where old and new meet', () => {
    expect(next({ 3: 'old', 5: 'new', 4: 'new' })).toMatchObject({
      kind: 'found',
      first: { id: '4' },
      before: { id: '3' },
    });
  });

  it('names all candidates if those between are skipped', () => {
    const end = next({ 3: 'old', 6: 'new', 4: 'skip', 5: 'skip' });
    expect(end).toMatchObject({ kind: 'skips-left', before: { id: '3' } });
    expect('candidates' in end && end.candidates.map(({ id }) => id)).toEqual(['4', '5', '6']);
  });

  it('finds any change among any that are skipped, and asks about none twice', () => {
    const lists = fc.record({
      length: fc.integer({ min: 2, max: 60 }),
      at: fc.nat(),
      skipped: fc.array(fc.nat(60)),
    });
    fc.assert(
      fc.property(lists, ({ length, at, skipped }) => {
        const list = changes(...Array.from({ length }, (_, index) => String(index)));
        const first = 1 + (at % (length - 1));
        const { sides, end, asked } = searchAll(list, (index) => {
          if (skipped.includes(index)) return 'skip';
          return index < first ? 'old' : 'new';
        });
        expect(new Set(asked).size).toBe(asked.length);
        const candidates = end.kind === 'found' ? [end.first] : end.candidates;
        expect(candidates.map(({ id }) => id)).toContain(String(first));
        const untold = candidates.slice(0, -1).map(({ id }) => sides.get(id));
        expect(untold).toEqual(untold.map(() => 'skip'));
        expect(Number(candidates[0]?.id) - Number(end.before.id)).toBe(1);
      }),
    );
  });
});

type End = Exclude<SearchStep, { readonly kind: 'ask' }>;

/** Searches a list whose changes lie on these sides. */
function searchAll(list: readonly Change[], sideOf: (index: number) => Side) {
  const sides = new Map<string, Side>();
  const asked: string[] = [];
  let step = searchList(list, sides);
  while (step.kind === 'ask') {
    const { id } = step.change;
    asked.push(id);
    sides.set(id, sideOf(Number(id)));
    step = searchList(list, sides);
  }
  return { sides, asked, end: step satisfies End };
}
