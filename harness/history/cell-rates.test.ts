// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { cellRates } from './cell-rates.ts';
import { historyLine, keyOf } from './testing/history-builder.ts';
import { wilson95 } from './wilson.ts';

it('counts by cell, invariant and accelerator, with an interval', () => {
  const rates = cellRates([
    historyLine({ cell: 'a', invariants: { kept: ['x', 'y'] } }),
    historyLine({ cell: 'a', invariants: { kept: ['y'], broken: ['x'] } }),
    historyLine({ cell: 'a', invariants: { known: ['x'], unseen: ['y'] } }),
    historyLine({ cell: 'a', accel: 'kvm', invariants: { kept: ['x'] } }),
    historyLine({ cell: 'b', invariants: { kept: ['x'] } }),
  ]);
  const [a, b] = [keyOf('a'), keyOf('b')];
  expect(rates).toEqual([
    { key: a, invariant: 'x', accel: 'tcg', broken: wilson95(2, 3) },
    { key: a, invariant: 'y', accel: 'tcg', broken: wilson95(0, 2) },
    { key: a, invariant: 'x', accel: 'kvm', broken: wilson95(0, 1) },
    { key: b, invariant: 'x', accel: 'tcg', broken: wilson95(0, 1) },
  ]);
});

it('leaves out what could not be judged, and what no accelerator is known of', () => {
  const broken = { broken: ['x'] };
  expect(
    cellRates([
      historyLine({ invariants: broken, counted: 'unjudged' }),
      historyLine({ invariants: broken, accel: null }),
    ]),
  ).toEqual([]);
});
