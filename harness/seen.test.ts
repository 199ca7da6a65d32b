// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from './errors.ts';
import { seeing, seenFrom } from './seen.ts';

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
