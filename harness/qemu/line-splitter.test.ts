// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { QmpError } from '../errors.ts';
import { LINE_LIMIT, LineSplitter } from './line-splitter.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it.each([
  { title: 'a line of its own', chunks: ['{}\r\n'], lines: ['{}'] },
  { title: 'two lines in one chunk', chunks: ['1\n2\n'], lines: ['1', '2'] },
  { title: 'a line in three chunks', chunks: ['{"a"', ':', '1}\n'], lines: ['{"a":1}'] },
  { title: 'an end that is split', chunks: ['1\r', '\n2\r\n'], lines: ['1', '2'] },
  { title: 'an unfinished line', chunks: ['1\n2'], lines: ['1'] },
  { title: 'nothing', chunks: [''], lines: [] },
])('splits $title', ({ chunks, lines }) => {
  const splitter = new LineSplitter();
  expect(chunks.flatMap((chunk) => splitter.split(bytes(chunk)))).toEqual(lines);
});

it('joins a character that is split between chunks', () => {
  const splitter = new LineSplitter();
  const [first, ...rest] = bytes('ü\n');
  expect(splitter.split(Uint8Array.of(first ?? 0))).toEqual([]);
  expect(splitter.split(Uint8Array.from(rest))).toEqual(['ü']);
});

it('refuses to keep a line that does not end', () => {
  const splitter = new LineSplitter();
  expect(splitter.split(new Uint8Array(LINE_LIMIT).fill(0x20))).toEqual([]);
  expect(() => splitter.split(bytes(' '))).toThrow(
    new QmpError(
      'Cannot read QMP: expected lines of at most 4194304 characters, found a longer one',
    ),
  );
});
