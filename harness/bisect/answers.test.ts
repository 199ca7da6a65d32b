// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { nameChange, readAnswers } from './answers.ts';
import { REASON, type Sign, bootOf, changes } from './testing/change-builder.ts';
import { BOOTS_LIMIT } from './settle.ts';

/** What the boots of the bad end and of another kernel say of both. */
function answers(bad: string, other: string, reason = null as typeof REASON | null) {
  const [end, kernel] = changes('bad', 'other');
  if (!end || !kernel) throw new Error('Expected two');
  const boots = [
    ...bad.split('').map((sign) => bootOf(end, sign as Sign)),
    ...other.split('').map((sign) => bootOf(kernel, sign as Sign)),
  ];
  const { byChange, wanted } = readAnswers(boots, { reason, badEnd: 'bad', confidence: 0.99 });
  return { bad: byChange.get('bad')?.kind, other: byChange.get('other')?.kind, wanted };
}

describe('readAnswers', () => {
  it.each([
    {
      what: 'a steady fault: the bad end twice, any other once',
      bad: '--',
      other: '+',
      says: ['broken', 'kept'],
    },
    { what: 'the bad end was booted but once', bad: '-', other: '+', says: [undefined, undefined] },
    {
      what: 'another kernel is bad: once is enough',
      bad: '--',
      other: '-',
      says: ['broken', 'broken'],
    },
    { what: 'a bad kernel on a good day', bad: '--', other: '+-', says: [undefined, 'broken'] },
    {
      what: 'a fault that shows now and then: once kept says nothing',
      bad: '-+-+-+-+-+',
      other: '+',
      says: ['broken', undefined],
    },
    {
      what: 'and ten times is enough',
      bad: '-+-+-+-+-+',
      other: '++++++++++',
      says: ['broken', 'kept'],
    },
    { what: 'does not build', bad: '--', other: '?', says: ['broken', 'skip'] },
    { what: 'broken for another reason', bad: '--', other: '!', says: ['broken', 'skip'] },
    { what: 'the host failed once', bad: '--', other: '~', says: ['broken', undefined] },
    { what: 'the host failed, then it was kept', bad: '--', other: '~+', says: ['broken', 'kept'] },
    { what: 'the host failed twice', bad: '--', other: '~~', says: ['broken', 'skip'] },
    {
      what: 'the bad end does not show it',
      bad: '+++++++++',
      other: '+',
      says: ['kept', undefined],
    },
  ])('$what', ({ bad, other, says }) => {
    const found = answers(bad, other);
    expect([found.bad, found.other]).toEqual(says);
  });

  it('gives up on a kernel that would have to be booted too often', () => {
    const seldom = `-${'+'.repeat(BOOTS_LIMIT - 1)}`;
    expect(answers(seldom, '+'.repeat(BOOTS_LIMIT))).toMatchObject({
      bad: 'broken',
      other: 'skip',
    });
  });

  it('uses the reason that it is given, not that of the bad end', () => {
    expect(answers('!!', '-', REASON)).toMatchObject({ bad: 'skip', other: 'broken' });
    expect(answers('!!', '!')).toMatchObject({ bad: 'broken', other: 'broken' });
  });
});

it('names a commit by its first digits, and a version only once', () => {
  const id = '0123456789abcdef0123456789abcdef01234567';
  expect(nameChange({ id, subject: 'x86: Fix', kernel: '' })).toBe('0123456789ab ("x86: Fix")');
  expect(nameChange({ id: 'debian:6.1', subject: 'debian:6.1', kernel: '' })).toBe('debian:6.1');
});
