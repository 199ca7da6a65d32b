// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PhysRange, physRange } from './phys-range.ts';
import { addRange, hasAnyOf, rangeSet, removeRange, without } from './range-set.ts';

const anyRange = fc
  .tuple(fc.nat(40), fc.nat(10))
  .map(([start, size]) => physRange(start, start + size));
const anyRanges = fc.array(anyRange, { maxLength: 8 });
const anySet = anyRanges.map(rangeSet);

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

  it('has the bytes of all its ranges, which may overlap', () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        expect(sorted(bytes(...rangeSet(ranges)))).toEqual(sorted(bytes(...ranges)));
        expect(rangeSet(ranges)).toEqual(ranges.reduce(addRange, rangeSet([])));
      }),
    );
  });

  it('keeps ranges that overlap apart when others are taken out of them', () => {
    fc.assert(
      fc.property(anyRanges, anyRanges, (ranges, others) => {
        const alone = ranges.flatMap((range) => without([range], others));
        expect(without(ranges, others)).toEqual(alone);
        const gone = bytes(...others);
        const left = [...bytes(...ranges)].filter((byte) => !gone.has(byte));
        expect(sorted(bytes(...alone))).toEqual(sorted(left));
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
