// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { growthOf, soakPlot, withoutHeld } from './soak-plot.ts';

it('sees what grows, and not what comes and goes or is learned once', () => {
  expect(growthOf(Array.from({ length: 100 }, (_, n) => 100 + 2 * n))).toBeGreaterThan(1.25);
  expect(growthOf(Array.from({ length: 100 }, (_, n) => 100 + (n % 10)))).toBeCloseTo(1, 1);
  expect(growthOf(Array.from({ length: 100 }, (_, n) => (n < 10 ? 10 : 100)))).toBe(1);
});

it('draws each quantity from 0 to its maximum', () => {
  const sample = { rssMiB: 200, descriptors: 30, folders: 1, freeDiskMiB: 900, busy: 0 };
  const plot = soakPlot(7, [
    { ...sample, seconds: 0 },
    { ...sample, seconds: 60, rssMiB: 100 },
  ]);
  expect(plot).toContain('7 cells in 1 minutes');
  expect(plot).toContain('points="150.0,40.0 630.0,70.0"');
});

it('does not count what is held for the reports as growth', () => {
  const sample = { rssMiB: 200, descriptors: 30, folders: 1, freeDiskMiB: 900, busy: 0 };
  const run = [
    { ...sample, seconds: 0 },
    { ...sample, seconds: 60, rssMiB: 500 },
  ];
  expect(withoutHeld(1000, run).map(({ rssMiB }) => rssMiB)).toEqual([200, 200]);
});
