// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { percent, renderShare } from './share.ts';

it('says a share with its interval', () => {
  expect(renderShare({ count: 20, of: 60, low: 0.2273, high: 0.4594 })).toBe(
    '20 of 60 (23 % to 46 %)',
  );
});

it.each([
  [0, '0 %'],
  [0.0049, '0.5 %'],
  [0.0994, '9.9 %'],
  [0.0999, '10.0 %'],
  [0.1, '10 %'],
  [1, '100 %'],
])('%s is %s', (part, text) => {
  expect(percent(part)).toBe(text);
});
