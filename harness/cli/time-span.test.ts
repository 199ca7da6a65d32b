// SPDX-License-Identifier: MIT
import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { parseTimeSpan } from './time-span.ts';

it.each([
  ['90s', 90],
  ['20min', 1200],
  ['60min', 3600],
  ['1h30min', 5400],
  ['2h1s', 7201],
])('reads %s', (text, seconds) => {
  expect(parseTimeSpan(text)).toBe(seconds);
});

it.each(['', '0s', '20', '20 min', '-1h', '1min1h', 'min', '1.5h'])('refuses "%s"', (text) => {
  expect(() => parseTimeSpan(text)).toThrow(InvalidArgumentError);
});
