// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { runsOf } from './runs.ts';

it.each([
  { bits: '', runs: [] },
  { bits: '0', runs: [] },
  { bits: '1', runs: [[0, 1]] },
  {
    bits: '0110100111',
    runs: [
      [1, 3],
      [4, 5],
      [7, 10],
    ],
  },
])('finds the runs of $bits', ({ bits, runs }) => {
  expect([...runsOf(bits.length, (index) => bits[index] === '1')]).toEqual(runs);
});
