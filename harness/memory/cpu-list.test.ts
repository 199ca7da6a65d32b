// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { countCpus } from './cpu-list.ts';

describe('a list of CPUs', () => {
  it.each([
    { list: '0\n', count: 1 },
    { list: '0-1', count: 2 },
    { list: '0-3,5,8-9\n', count: 7 },
  ])('counts $count in "$list"', ({ list, count }) => {
    expect(countCpus(list)).toBe(count);
  });

  it.each([
    { lie: '', found: '' },
    { lie: '3-0', found: '3-0' },
    { lie: '0-3,', found: '' },
    { lie: '0-', found: '0-' },
    { lie: '0-99999999999', found: '0-99999999999' },
    { lie: '\u001b[31mred', found: 'red' },
  ])('is refused if it is "$lie"', ({ lie, found }) => {
    const message = `Cannot read a list of CPUs: expected something like 0-3,5, found "${found}"`;
    expect(() => countCpus(lie)).toThrow(new FormatError(message));
  });
});
