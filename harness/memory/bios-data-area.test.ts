// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { readBiosWords } from './bios-data-area.ts';

describe('the BIOS data area', () => {
  it('is two little-endian words of page 0, wherever that lies in its buffer', () => {
    const buffer = new Uint8Array(0x1100);
    buffer.set([0xc0, 0x9f], 0x100 + 0x40e);
    buffer.set([0x7f, 0x02], 0x100 + 0x413);
    expect(readBiosWords(buffer.subarray(0x100))).toEqual({
      ebdaSegment: 0x9fc0,
      baseMemoryKiB: 639,
    });
  });

  it.each([0, 0x414, 4095, 4097])('is refused in %i bytes', (length) => {
    const message = `Cannot read page 0: expected 4096 bytes, found ${length}`;
    expect(() => readBiosWords(new Uint8Array(length))).toThrow(new FormatError(message));
  });
});
