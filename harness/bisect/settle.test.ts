// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BOOTS_LIMIT, keptWanted } from './settle.ts';

describe('keptWanted', () => {
  it.each([
    { broken: 0, kept: 0, confidence: 0.99, boots: 9 },
    { broken: 1, kept: 0, confidence: 0.99, boots: 2 },
    { broken: 2, kept: 0, confidence: 0.99, boots: 1 },
    { broken: 3, kept: 0, confidence: 0.999, boots: 3 },
    { broken: 1, kept: 1, confidence: 0.99, boots: 22 },
    { broken: 5, kept: 5, confidence: 0.99, boots: 10 },
    { broken: 1, kept: 9, confidence: 0.99, boots: BOOTS_LIMIT + 1 },
  ])('wants $boots after $broken broken and $kept kept, for $confidence', (one) => {
    expect(keptWanted(one, one.confidence)).toBe(one.boots);
  });

  it('wants no fewer for more confidence, and no more when a fault shows once more', () => {
    const tally = fc.record({ broken: fc.nat(40), kept: fc.nat(40) });
    fc.assert(
      fc.property(tally, fc.double({ min: 0.5, max: 0.999, noNaN: true }), (seen, confidence) => {
        const wanted = keptWanted(seen, confidence);
        expect(keptWanted(seen, (1 + confidence) / 2)).toBeGreaterThanOrEqual(wanted);
        expect(keptWanted({ ...seen, broken: seen.broken + 1 }, confidence)).toBeLessThanOrEqual(
          wanted,
        );
      }),
    );
  });

  it('is wrong as often as it says, for faults that show at any rate', () => {
    // What it promises, counted out: bad kernels whose rate is uniform, after one broken and one kept boot.
    const boots = keptWanted({ broken: 1, kept: 1 }, 0.99);
    let [bad, all] = [0, 0];
    for (let rate = 0.0005; rate < 1; rate += 0.001) {
      const weight = rate * (1 - rate);
      bad += weight * (1 - rate) ** boots;
      all += weight;
    }
    expect(bad / all).toBeLessThanOrEqual(0.0102);
    expect(bad / all).toBeGreaterThan(0.009);
  });
});
