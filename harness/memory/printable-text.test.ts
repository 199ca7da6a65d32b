// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableText } from './printable-text.ts';

describe('printable text', () => {
  it.each([
    { from: '[    0.000000] Linux version 6.12\r', to: '[    0.000000] Linux version 6.12' },
    { from: '\u001b[2J\u001b[01;01H\u001b[=3hEFI stub', to: 'EFI stub' },
    { from: '\u001b]0;title\u0007a\u001b]8;;x\u001b\\b\u001bMc', to: 'abc' },
    { from: 'a\u0000\u0008\u007f\u009bb', to: 'ab' },
    { from: 'a\tb\r\nc', to: 'a b c' },
    { from: 'a\u202eb\u2066c\u2028d\ud800e', to: 'abcde' },
    { from: 'naïve … 日本 🙂', to: 'naïve … 日本 🙂' },
  ])('of $from is $to', ({ from, to }) => {
    expect(printableText(from)).toBe(to);
  });

  it('has no control character left, whatever the guest wrote', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printableText(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });
});
