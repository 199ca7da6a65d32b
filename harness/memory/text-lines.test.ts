// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linesFromEnd, linesOf } from './text-lines.ts';

const NO_LIMITS = { lines: Infinity, length: Infinity };
const anyText = fc.string({ unit: fc.constantFrom('\n', '\r', '\u2028', 'a', 'b'), maxLength: 12 });

describe('the lines of a text', () => {
  it('are what lies between newlines, and nothing else ends one', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect([...linesOf(text, NO_LIMITS)]).toEqual(text.split('\n'));
        expect([...linesFromEnd(text, NO_LIMITS)]).toEqual(text.split('\n').toReversed());
      }),
    );
  });

  it('are so many, and so long', () => {
    const limits = { lines: 2, length: 3 };
    expect([...linesOf('12345\n67\n8', limits)]).toEqual(['123', '67']);
    expect([...linesFromEnd('1\n23\n45678', limits)]).toEqual(['456', '23']);
  });
});
