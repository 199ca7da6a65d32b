// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { readPageClasses } from './kpageflags.ts';

describe('/proc/kpageflags', () => {
  it.each([
    { flags: 0x1_0000_0000n, seen: 'reserved' },
    { flags: 0x1_0000_0400n, seen: 'reserved' },
    { flags: 0x10_0000n, seen: 'absent' },
    { flags: 0x400n, seen: 'free' },
    { flags: 0n, seen: 'used' },
    { flags: 0x80n, seen: 'used' },
  ])('has a page with flags $flags as $seen', ({ flags, seen }) => {
    const entries = new BigUint64Array(256);
    entries[255] = flags;
    const classes = readPageClasses(new Uint8Array(entries.buffer));
    expect(classes).toHaveLength(256);
    expect(classes[255]).toBe(seen);
  });

  it.each([
    { length: 0, message: 'Cannot read kpageflags: expected 2048 bytes, found 0' },
    { length: 2047, message: 'Cannot read kpageflags: expected 2048 bytes, found 2047' },
    { length: 2056, message: 'Cannot read kpageflags: expected 2048 bytes, found 2056' },
  ])('is refused with $length bytes', ({ length, message }) => {
    expect(() => readPageClasses(new Uint8Array(length))).toThrow(new FormatError(message));
  });
});
