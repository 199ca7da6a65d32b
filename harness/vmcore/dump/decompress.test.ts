// SPDX-License-Identifier: MIT
import { deflateSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { type Compression, decompress } from './decompress.ts';

/** Made by `zstd` from 64 times the text below: a literal and a match. */
const ZSTD = 'KLUv/QBY5QAAoGEgcGFnZSBvZiBhIGtlcm5lbDsgAQDSuX8yAQ==';
const TEXT = 'a page of a kernel; ';
const PAGE = Buffer.from(TEXT.repeat(64), 'latin1');

/** LZO: 63 more copies of the 20 bytes before it, and the end. */
const LZO_COPY = Uint8Array.of(0x20, 0, 0, 0, 0, 207, 19 << 2, 0, 0x11, 0, 0);

/** A snappy stream: the size it claims, then its elements. */
const snappy = (size: number, ...elements: number[]): Uint8Array =>
  Uint8Array.of(size, ...elements);

describe('decompress()', () => {
  it.each<{ compression: Compression; bytes: Uint8Array }>([
    { compression: 'zlib', bytes: deflateSync(PAGE) },
    { compression: 'snappy', bytes: snappyCompress(PAGE) },
    { compression: 'zstd', bytes: Buffer.from(ZSTD, 'base64') },
    {
      compression: 'lzo',
      bytes: Buffer.concat([Uint8Array.of(37), Buffer.from(TEXT, 'latin1'), LZO_COPY]),
    },
  ])('reads $compression', ({ compression, bytes }) => {
    expect(Buffer.from(decompress(compression, bytes, PAGE.length)).equals(PAGE)).toBe(true);
  });

  it.each<{ compression: Compression; bytes: Uint8Array; why: string }>([
    { compression: 'zlib', bytes: deflateSync('abc'), why: 'expected 4 bytes, found 3' },
    {
      compression: 'zlib',
      bytes: deflateSync('abcde'),
      why: 'Cannot create a Buffer larger than 4 bytes',
    },
    { compression: 'zlib', bytes: Uint8Array.of(1, 2, 3), why: 'incorrect header check' },
    { compression: 'zlib', bytes: new Uint8Array(), why: 'unexpected end of file' },
    { compression: 'snappy', bytes: snappy(3, 8, 97, 98, 99), why: 'it does not hold 4 bytes' },
    { compression: 'snappy', bytes: new Uint8Array(), why: 'it does not hold 4 bytes' },
    { compression: 'snappy', bytes: snappy(4, 8, 97, 98, 99), why: 'premature end of input' },
    {
      compression: 'snappy',
      bytes: snappy(4, 0xfc, 0xfa, 0xff, 0xff, 0xff, 1, 2, 3),
      why: 'missing eof marker',
    },
    { compression: 'zstd', bytes: Uint8Array.of(1, 2, 3), why: 'expected 4 bytes, found 0' },
    { compression: 'zstd', bytes: Buffer.from(ZSTD, 'base64'), why: 'expected 4 bytes, found 0' },
    { compression: 'lzo', bytes: Uint8Array.of(0x11, 0, 0), why: 'expected 4 bytes, found 0' },
  ])('refuses $compression: $why', ({ compression, bytes, why }) => {
    expect(() => decompress(compression, bytes, 4)).toThrow(
      new FormatError(`Cannot decompress ${compression} data: ${why}`),
    );
  });

  it('gives nothing left over from an earlier call', () => {
    decompress('snappy', snappyCompress(PAGE), PAGE.length);
    expect(() => decompress('snappy', snappy(0x80, 0x0a, 0, 97), PAGE.length)).toThrow(FormatError);
  });
});
