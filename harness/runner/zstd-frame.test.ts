// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { zstdContentSize } from './zstd-frame.ts';

/** What zstd makes of so many bytes, given their number or not. */
function packed(bytes: number, ...options: string[]): Uint8Array {
  return execFileSync('zstd', ['-c', ...options], { input: Buffer.alloc(bytes) });
}

it.each([0, 1, 255, 256, 65_791, 65_792, 3_000_000])('reads that a frame has %d bytes', (bytes) => {
  expect(zstdContentSize(packed(bytes, `--stream-size=${bytes}`))).toBe(bytes);
});

it('knows a frame that does not say', () => {
  expect(zstdContentSize(packed(3_000_000))).toBeUndefined();
});

it.each([
  { what: 'eight bytes', bytes: [0xc0, 0x58, 0, 0, 0, 0, 0, 0, 4, 0], size: 2 ** 50 },
  { what: 'a dictionary', bytes: [0x83, 0x58, 1, 2, 3, 4, 9, 0, 0, 0], size: 9 },
  { what: 'one segment', bytes: [0x20, 7], size: 7 },
  { what: 'its end cut off', bytes: [0xc0, 0x58, 0, 0, 0, 0, 0, 0, 4], size: undefined },
  { what: 'nothing', bytes: [], size: undefined },
])('reads a header with $what', ({ bytes, size }) => {
  expect(zstdContentSize(Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes]))).toBe(size);
});
