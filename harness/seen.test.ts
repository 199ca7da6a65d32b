// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from './errors.ts';
import { seeing, seeingFrom, seenFrom } from './seen.ts';

describe('seeing', () => {
  it('gives what was read', () => {
    expect(seeing(() => 7)).toEqual({ value: 7 });
  });

  it('takes a FormatError for the reason why there is nothing', () => {
    const read = () => {
      throw new FormatError('Cannot read e820: no line');
    };
    expect(seeing(read)).toEqual({ value: null, why: 'Cannot read e820: no line' });
  });

  it('lets any other error through', () => {
    const read = () => {
      throw new TypeError('our bug');
    };
    expect(() => seeing(read)).toThrow(new TypeError('our bug'));
  });
});

describe('seenFrom', () => {
  it('derives from what was seen, and hands on why nothing was', () => {
    const half = (value: number) => ({ value: value / 2 });
    expect(seenFrom({ value: 8 }, half)).toEqual({ value: 4 });
    expect(seenFrom({ value: null, why: 'dark' }, half)).toEqual({ value: null, why: 'dark' });
  });
});

describe('seeingFrom', () => {
  const root = (value: number) => {
    if (value < 0) throw new FormatError('Cannot take a root: expected no negative number');
    return Math.sqrt(value);
  };

  it('reads what was seen, and hands on why nothing was', () => {
    expect(seeingFrom({ value: 9 }, root)).toEqual({ value: 3 });
    expect(seeingFrom({ value: null, why: 'dark' }, root)).toEqual({ value: null, why: 'dark' });
  });

  it('takes a FormatError for the reason why there is nothing', () => {
    const why = 'Cannot take a root: expected no negative number';
    expect(seeingFrom({ value: -1 }, root)).toEqual({ value: null, why });
  });
});
