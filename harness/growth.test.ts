// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { BAD_UNITS, findLineSteepness, findSteepness } from './testing/growth.ts';
import { TEXT_PARSERS } from './testing/parser-targets.ts';

it.each(TEXT_PARSERS)(
  '$name takes time in proportion to its length',
  ({ parse, seeds, units = [] }) => {
    const [head = ''] = seeds;
    const slow = [...BAD_UNITS, ...units].flatMap((unit) => {
      const found = findSteepness(parse, head.slice(0, 16_384), unit);
      return found ? [{ unit, ...found }] : [];
    });
    expect(slow).toEqual([]);
  },
);

it.each(TEXT_PARSERS)('$name takes no longer for long lines', ({ parse, units = [] }) => {
  const slow = [...BAD_UNITS, ...units].flatMap((unit) => {
    const found = findLineSteepness(parse, unit);
    return found ? [{ unit, ...found }] : [];
  });
  expect(slow).toEqual([]);
});
