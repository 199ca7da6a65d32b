// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PhysRange, physRange } from './phys-range.ts';
import { type RangeSet, addRange, hasAnyOf, removeRange, without } from './range-set.ts';

const anyRange = fc
  .tuple(fc.nat(40), fc.nat(10))
  .map(([start, size]) => physRange(start, start + size));
const anySet = fc
  .array(anyRange, { maxLength: 8 })
  .map((ranges) => ranges.reduce<RangeSet>(addRange, []));

/** The slow way: a set of numbers. */
function bytes(...ranges: readonly PhysRange[]): Set<number> {
  return new Set(
    ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i)),
  );
}
const sorted = (set: Iterable<number>): number[] => [...set].toSorted((a, b) => a - b);

describe('a set of ranges', () => {
  it('has the bytes that were added and not those that were removed', () => {
    fc.assert(
      fc.property(anySet, anyRange, (set, range) => {
        expect(sorted(bytes(...addRange(set, range)))).toEqual(sorted(bytes(...set, range)));
        const left = sorted(bytes(...set)).filter(
          (byte) => byte < range.start || byte >= range.end,
        );
        expect(sorted(bytes(...removeRange(set, range)))).toEqual(left);
      }),
    );
  });

  it('is sorted, disjoint and merged, whatever is done to it', () => {
    fc.assert(
      fc.property(anySet, anySet, anyRange, (set, others, range) => {
        for (const result of [
          addRange(set, range),
          removeRange(set, range),
          without(set, others),
        ]) {
          for (const [index, { start, end }] of result.entries()) {
            expect(start).toBeLessThan(end);
            expect(start).toBeGreaterThan(result[index - 1]?.end ?? -1);
          }
        }
      }),
    );
  });

  it('says whether it has any byte of a range', () => {
    fc.assert(
      fc.property(anySet, anyRange, (set, range) => {
        const own = bytes(...set);
        fc.pre(range.end > range.start);
        const shared = [...bytes(range)].some((byte) => own.has(byte));
        expect(hasAnyOf(set, range)).toBe(shared);
      }),
    );
  });
});
