// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { indented, wrap } from './style.ts';

describe('wrap', () => {
  it.each([
    { text: '', lines: [] },
    { text: 'one two', lines: ['one two'] },
    { text: 'one two three', lines: ['one two', 'three'] },
    { text: ' one\n\ttwo  ', lines: ['one two'] },
    { text: 'evidence: /results/kpageflags', lines: ['evidence:', '/results/kpageflags'] },
    { text: '/results/kpageflags and', lines: ['/results/kpageflags', 'and'] },
    { text: 'ééééé éééé é', lines: ['ééééé éééé', 'é'] },
  ])('breaks "$text" at blanks alone', ({ text, lines }) => {
    expect(wrap(text, 10)).toEqual(lines);
  });
});

it('indents every line, within the width', () => {
  expect(indented('one two three', 2, { colour: false, width: 9 })).toEqual([
    '  one two',
    '  three',
  ]);
});
