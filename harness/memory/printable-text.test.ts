// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printableText, screenText } from './printable-text.ts';

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

describe('text for a screen', () => {
  it.each([
    { from: 'a\tb\n  c\n', to: 'a\tb\n  c\n' },
    { from: '\u001b[1;31mred\u001b[0m\u001b[2J\u001b[1A', to: '\u001b[1;31mred\u001b[0m' },
    { from: 'a\rb\u0085\u009b2Jc\u202ed\ud800', to: 'ab2Jcd' },
    { from: '\u001b]0;no end\nnext', to: '\nnext' },
    { from: '\u001b\u001b[', to: '[' },
    { from: '::error::x\n  ::warning::y\na ::b', to: '| ::error::x\n  | ::warning::y\na ::b' },
    {
      from: '##[error]x ##vso[task]y ##teamcity[z] ## [',
      to: '## [error]x ## vso[task]y ## teamcity[z] ## [',
    },
    { from: '\u001b[0m::error::x', to: '\u001b[0m::error::x' },
  ])('of $from is $to', ({ from, to }) => {
    expect(screenText(from)).toBe(to);
  });

  it('has nothing that moves the cursor or commands a CI runner, whoever wrote it', () => {
    const unit = fc.constantFrom(...Array.from('\u001b[];mJ1\u0007\n:# \u009b\r'));
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const shown = screenText(text);
        expect(shown.replaceAll(/\u001b\[[\d;]*m/g, '')).not.toMatch(/[^\P{Cc}\n\t]|\p{Cf}/u);
        expect(shown).not.toMatch(/##\w*\[|^\s*::/m);
      }),
    );
  });
});
