// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { parseStepFile } from './step-files.ts';

it.each([
  ['', {}],
  ['status=69\nend=unjudged\n', { status: '69', end: 'unjudged' }],
  ['a=b=c\n', { a: 'b=c' }],
  ['keys<<end\none\ntwo\nend\nstatus=1\n', { keys: 'one\ntwo', status: '1' }],
  ['empty<<end\nend\n', { empty: '' }],
])('reads %j', (text, expected) => {
  expect(parseStepFile(text)).toEqual(expected);
});

it.each([
  ['status\n', 'expected name=value or name<<end, found status'],
  ['a<<end\nb\n', 'expected end at the end of a value, found none'],
])('refuses %j', (text, message) => {
  expect(() => parseStepFile(text)).toThrow(message);
});
