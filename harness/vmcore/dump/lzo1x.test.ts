// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { lzo1xDecompress } from './lzo1x.ts';

const END = [0x11, 0, 0];
const decompress = (stream: readonly number[], limit = 100_000): string =>
  Buffer.from(lzo1xDecompress(Uint8Array.from(stream), limit)).toString('latin1');
const ascii = (text: string): number[] => [...Buffer.from(text, 'latin1')];
/** A first byte with the number of literals, then these. */
const first = (text: string): number[] => [17 + text.length, ...ascii(text)];

describe('lzo1xDecompress()', () => {
  it.each([
    { what: 'nothing', stream: END, text: '' },
    { what: 'few literals to start with', stream: [...first('ab'), ...END], text: 'ab' },
    { what: 'many literals to start with', stream: [...first('abcdef'), ...END], text: 'abcdef' },
    {
      what: 'a literal string (0000LLLL)',
      stream: [0x01, ...ascii('abcd'), ...END],
      text: 'abcd',
    },
    {
      what: 'a long literal string, its length in bytes',
      stream: [0x00, 0, 2, ...ascii('x'.repeat(275)), ...END],
      text: 'x'.repeat(275),
    },
    {
      what: '2 bytes from within 1 KiB after few literals (0000DDSS)',
      stream: [...first('abc'), 0x04, 0, ...END],
      text: 'abcbc',
    },
    {
      what: '3 bytes from beyond 2 KiB after many literals (0000DDSS)',
      stream: [
        0x00,
        ...Array<number>(8).fill(0),
        0x09,
        ...ascii('abc'),
        ...ascii('-'.repeat(2064)),
        0x08,
        4,
        ...END,
      ],
      text: `abc${'-'.repeat(2064)}abc`,
    },
    {
      what: '3 and 4 bytes from within 2 KiB (01LDDDSS), and literals after them',
      stream: [...first('abcd'), 0x4d, 0, 0x7a, 0x6c, 0, ...END],
      text: 'abcdabczabcz',
    },
    {
      what: '8 bytes from within 2 KiB (1LLDDDSS), overlapping the output',
      stream: [...first('abcd'), 0xe0, 0, ...END],
      text: 'abcddddddddd',
    },
    {
      what: 'a block from within 16 KiB (001LLLLL), its length in bytes',
      stream: [...first('abcd'), 0x20, 0, 1, 0x0c, 0, ...END],
      text: `abcd${'abcd'.repeat(73).slice(0, 289)}`,
    },
  ])('reads $what', ({ stream, text }) => {
    expect(decompress(stream)).toBe(text);
  });

  it('reads a block from beyond 16 KiB (0001HLLL), and ends without a distance', () => {
    const run = [...first('abcd'), 0x20, ...Array<number>(64).fill(0), 29, 0x0c, 0];
    const length = 2 + 31 + 64 * 255 + 29;
    const text = decompress([...run, 0x11, 0x05, 0, 0x21, ...END]);
    const before = 'abcd'.repeat(length).slice(0, 4 + length);
    const from = before.length - 16_385;
    expect(text).toBe(`${before}${before.slice(from, from + 3)}!`);
  });

  it.each([
    { what: 'nothing at all', stream: [], why: 'expected 1 bytes at offset 0x0, found 0' },
    { what: 'no end', stream: first('abc'), why: 'expected 1 bytes at offset 0x4, found 0' },
    {
      what: 'half a distance',
      stream: [...first('abcd'), 0x21, 0],
      why: 'expected 1 bytes at offset 0x7, found 0',
    },
    {
      what: 'fewer literals',
      stream: [17 + 9, 1, 2],
      why: 'expected 9 bytes at offset 0x1, found 2',
    },
    {
      what: 'an endless length',
      stream: [0, 0, 0, 0],
      why: 'expected 1 bytes at offset 0x4, found 0',
    },
    {
      what: 'a copy of nothing',
      stream: [0x10, 1, 4, 0],
      why: 'expected a copy from at most 0 bytes back at offset 0x4, found 16385',
    },
    {
      what: 'a copy from before the start',
      stream: [...first('abcd'), 0x50, 0],
      why: 'expected a copy from at most 4 bytes back at offset 0x7, found 5',
    },
    {
      what: 'LZO-RLE',
      stream: [0x11, 1, 0x20, 0, 0],
      why: 'expected a copy from at most 0 bytes back at offset 0x3, found 18432',
    },
    {
      what: 'too many literals',
      stream: [...first('a'.repeat(11)), ...END],
      why: 'expected at most 10 bytes, found 11',
    },
    {
      what: 'a copy that is too long',
      stream: [...first('abcd'), 0x25, 0x0c, 0, ...END],
      why: 'expected at most 10 bytes, found 11',
    },
  ])('refuses $what', ({ stream, why }) => {
    expect(() => decompress(stream, 10)).toThrow(
      new FormatError(`Cannot decompress LZO data: ${why}`),
    );
  });
});
