// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parseIomem } from './iomem.ts';
import { physRange } from './phys-range.ts';

describe('/proc/iomem', () => {
  it('is read with its children', () => {
    const text = `00000000-00000fff : Reserved
00001000-0009ffff : System RAM
00900000-3ea89fff : System RAM
  1a000000-29ffffff : Crash kernel
`;
    expect(parseIomem(text)).toEqual([
      { range: physRange(0, 0x1000), name: 'Reserved' },
      { range: physRange(0x1000, 0xa0000), name: 'System RAM' },
      { range: physRange(0x90_0000, 0x3ea8_a000), name: 'System RAM' },
      { range: physRange(0x1a00_0000, 0x2a00_0000), name: 'Crash kernel' },
    ]);
  });

  it.each([
    { lie: 'bounds the wrong way round', line: '0009ffff-00001000 : System RAM' },
    { lie: 'an address beyond 52 bits', line: '0-ffffffffffffffff : System RAM' },
    { lie: 'no name', line: '00001000-0009ffff : ' },
    { lie: 'garbage', line: '\u0000\u001b[31m' },
  ])('is read without a line that has $lie', ({ line }) => {
    expect(parseIomem(`${line}\n00000000-00000fff : Reserved\n`)).toHaveLength(1);
  });

  it.each(['', '00001000-0009fff', 'Permission denied'])('is refused if it is "%s"', (text) => {
    const message =
      'Cannot read /proc/iomem: expected lines such as "00001000-0009ffff : System RAM", found none';
    expect(() => parseIomem(text)).toThrow(new FormatError(message));
  });
});
