// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { wilson95 } from './wilson.ts';

// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I,
// method 3; the last by scipy's `binomtest().proportion_ci(method='wilson')`.
it.each([
  { count: 81, of: 263, low: 0.2553, high: 0.3662 },
  { count: 15, of: 148, low: 0.0624, high: 0.1605 },
  { count: 0, of: 20, low: 0, high: 0.1611 },
  { count: 1, of: 29, low: 0.0061, high: 0.1718 },
  { count: 10, of: 10, low: 0.7225, high: 1 },
])('gives $low to $high for $count of $of', ({ count, of, low, high }) => {
  const share = wilson95(count, of);
  expect(share).toMatchObject({ count, of });
  expect(share.low).toBeCloseTo(low, 4);
  expect(share.high).toBeCloseTo(high, 4);
});

it('says nothing where nothing was counted', () => {
  expect(wilson95(0, 0)).toEqual({ count: 0, of: 0, low: 0, high: 1 });
});

it('holds the share itself, lies within 0 and 1, and is narrower the more was counted', () => {
  const counts = fc
    .integer({ min: 1, max: 10_000 })
    .chain((of) => fc.tuple(fc.integer({ min: 0, max: of }), fc.constant(of)));
  fc.assert(
    fc.property(counts, ([count, of]) => {
      const { low, high } = wilson95(count, of);
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low).toBeLessThanOrEqual(count / of);
      expect(high).toBeGreaterThanOrEqual(count / of);
      expect(high).toBeLessThanOrEqual(1);
      const more = wilson95(count * 4, of * 4);
      expect(more.high - more.low).toBeLessThan(high - low);
    }),
  );
});
