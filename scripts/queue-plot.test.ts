// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { queuePlot } from './queue-plot.ts';

it('draws each quantity from 0 to its maximum, over the number of cells', () => {
  const svg = queuePlot(64, [
    { cells: 1000, ms: 2, nodeMiB: 100, serverMiB: 10 },
    { cells: 2000, ms: 1, nodeMiB: 150, serverMiB: 20 },
  ]);
  expect(svg).toContain('<polyline points="385.0,50.0 600.0,80.0"/>');
  expect(svg).toContain('text-anchor="end">150</text>');
  expect(svg).toContain('y="380" text-anchor="middle">2000</text>');
});
