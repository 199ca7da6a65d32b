// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../errors.ts';
import { type ByteSource, bytesSource } from './byte-source.ts';
import { cachedSource } from './cached-source.ts';

const CHUNK = 32_768;
const BYTES = Uint8Array.from({ length: 3 * CHUNK + 100 }, (_, index) => index >> 7);

/** The source, and the offsets it was read at. */
function watched(source: ByteSource): { source: ByteSource; reads: number[] } {
  const reads: number[] = [];
  const read: ByteSource['read'] = (offset, length) => {
    reads.push(offset);
    return source.read(offset, length);
  };
  return { source: { size: source.size, read }, reads };
}

describe('cachedSource()', () => {
  it.each([
    { what: 'the beginning', offset: 0, length: 10 },
    { what: 'across chunks', offset: CHUNK - 1, length: 3 },
    { what: 'a chunk length across chunks', offset: 5, length: CHUNK },
    { what: 'more than a chunk', offset: 5, length: 2 * CHUNK },
    { what: 'the end', offset: 3 * CHUNK + 90, length: 10 },
    { what: 'nothing at the end', offset: BYTES.length, length: 0 },
  ])('gives the same bytes: $what', ({ offset, length }) => {
    const bytes = cachedSource(bytesSource(BYTES)).read(offset, length);
    expect(Buffer.compare(bytes, BYTES.subarray(offset, offset + length))).toBe(0);
  });

  it('reads a chunk once while it is in use, and again after a long time', () => {
    const { source, reads } = watched({ size: 1e9, read: (_, length) => new Uint8Array(length) });
    const cached = cachedSource(source);
    for (let at = 0; at < CHUNK; at += 100) cached.read(at, 10);
    expect(reads).toEqual([0]);
    for (let chunk = 1; chunk < 300; chunk += 1) cached.read(chunk * CHUNK, 10);
    cached.read(0, 10);
    cached.read(299 * CHUNK, 10);
    expect(reads.slice(1)).toEqual([
      ...Array.from({ length: 299 }, (_, index) => (index + 1) * CHUNK),
      0,
    ]);
  });

  it('refuses a source that gives less than it promised', () => {
    const source = { ...bytesSource(BYTES), size: 1e6 };
    expect(() => cachedSource(source).read(3 * CHUNK, 10)).toThrow(
      new FormatError('Cannot read the dump: expected 32768 bytes at offset 0x18000, found 100'),
    );
  });
});
