// SPDX-License-Identifier: MIT

/** A share that was counted, and the interval in which the true one lies with 95 % certainty. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** The standard normal distribution has 95 % of its mass within this. */
const Z_95 = 1.959963984540054;

/** The Wilson score interval, without correction for continuity (Wilson 1927); 0 to 1 for nothing counted. */
export function wilson95(count: number, of: number): Share {
  if (of === 0) return { count, of, low: 0, high: 1 };
  const [share, square] = [count / of, Z_95 ** 2];
  const centre = (share + square / (2 * of)) / (1 + square / of);
  const radicand = (share * (1 - share)) / of + square / (4 * of ** 2);
  const reach = (Z_95 * Math.sqrt(radicand)) / (1 + square / of);
  return {
    count,
    of,
    // Rounding must not exclude what was counted.
    low: count === 0 ? 0 : centre - reach,
    high: count === of ? 1 : centre + reach,
  };
}
