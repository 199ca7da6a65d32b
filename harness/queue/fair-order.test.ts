// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { inFairOrder } from './fair-order.ts';

it('puts urgent runs first, and draws among equals', () => {
  const runs = [
    { name: 'a', priority: 10 },
    { name: 'b', priority: 0 },
    { name: 'c', priority: 10 },
  ];
  const lots = [0.9, 0.5, 0.1];
  const order = inFairOrder(runs, () => lots.shift() ?? 0);
  expect(order.map(({ name }) => name)).toEqual(['b', 'c', 'a']);
});
