// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { seriesOf } from './kernel-series.ts';

it('finds each series once, in the order of versions', () => {
  const versions = [
    '5.10.218-1',
    '6.1.170-3',
    '6.12.43-1~bpo12+1',
    '6.12.90-1',
    '7.2~rc4-1~exp1',
    '7.2-1',
  ];
  expect(seriesOf(versions.map((version) => ({ version })))).toEqual([
    '5.10',
    '6.1',
    '6.12',
    '7.2',
  ]);
});
