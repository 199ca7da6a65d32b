// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { behind } from './serial-session.ts';

const KERNEL = '[    1.936489] tsc: Refined TSC clocksource calibration: 2596.109 MHz\r\n';

describe('what comes behind a mark', () => {
  it.each([1, 2, 3, 7, 1000])('is all that is passed on, in pieces of %i bytes', (size) => {
    const bytes = Buffer.from(`${KERNEL}mamark: lo\nmark: more\n`);
    const passed: Uint8Array[] = [];
    const write = behind('mark', (piece) => passed.push(piece));
    for (let at = 0; at < bytes.length; at += size) write(bytes.subarray(at, at + size));
    expect(Buffer.concat(passed).toString()).toBe(': lo\nmark: more\n');
  });

  it('is nothing without a mark', () => {
    const write = behind('mark', () => expect.unreachable());
    write(Buffer.from(KERNEL));
  });
});
