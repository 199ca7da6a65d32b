// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type PhysRange,
  covers,
  findRange,
  fromInclusive,
  intersects,
  physRange,
  rangeSize,
  renderRange,
} from './phys-range.ts';

const anyRange = fc
  .tuple(fc.nat(100), fc.integer({ min: 1, max: 40 }))
  .map(([start, size]) => physRange(start, start + size));

function bytes(range: PhysRange): number[] {
  return Array.from({ length: rangeSize(range) }, (_, index) => range.start + index);
}

describe('ranges', () => {
  it('are half-open inside and inclusive in text', () => {
    expect(fromInclusive(0x1000, 0x9ffff)).toEqual(physRange(0x1000, 0xa0000));
    expect(renderRange(physRange(0x1000, 0xa0000))).toBe('0x1000-0x9ffff');
  });

  it.each([
    { first: '1000', last: '9ffff', range: physRange(0x1000, 0xa0000) },
    { first: '0', last: '0', range: physRange(0, 1) },
    { first: '0', last: 'fffffffffffff', range: physRange(0, 2 ** 52) },
    { first: '9ffff', last: '1000', range: undefined },
    { first: '0', last: '10000000000000', range: undefined },
    { first: 'ffffffffffffffff', last: 'ffffffffffffffff', range: undefined },
    { first: '', last: '', range: undefined },
  ])('reads $first-$last as what it bounds', ({ first, last, range }) => {
    expect(findRange(first, last)).toEqual(range);
  });

  it('are read back from how they are printed', () => {
    fc.assert(
      fc.property(anyRange, (range) => {
        const [first = '', last = ''] = renderRange(range).split('-');
        expect(findRange(first, last)).toEqual(range);
      }),
    );
  });

  it('intersect exactly when they share a byte', () => {
    fc.assert(
      fc.property(anyRange, anyRange, (a, b) => {
        const shared = bytes(a).some((byte) => bytes(b).includes(byte));
        expect(intersects(a, b)).toBe(shared);
      }),
    );
  });

  it('cover another exactly when each of its bytes is in one of them', () => {
    fc.assert(
      fc.property(fc.array(anyRange, { maxLength: 6 }), anyRange, (ranges, target) => {
        const all = new Set(ranges.flatMap(bytes));
        expect(covers(ranges, target)).toBe(bytes(target).every((byte) => all.has(byte)));
      }),
    );
  });
});
