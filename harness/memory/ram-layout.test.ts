// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { hex } from './pfn.ts';
import { renderRange } from './phys-range.ts';
import { ramLayout } from './ram-layout.ts';

const LOW = '0x0-0x9ffff at 0x0';

it.each([
  { memoryMiB: 1, pieces: [LOW] },
  { memoryMiB: 1024, pieces: [LOW, '0x100000-0x3fffffff at 0x100000'] },
  { memoryMiB: 2815, pieces: [LOW, '0x100000-0xafefffff at 0x100000'] },
  {
    memoryMiB: 2816,
    pieces: [LOW, '0x100000-0x7fffffff at 0x100000', '0x100000000-0x12fffffff at 0x80000000'],
  },
  {
    memoryMiB: 8192,
    pieces: [LOW, '0x100000-0x7fffffff at 0x100000', '0x100000000-0x27fffffff at 0x80000000'],
  },
])('lays out $memoryMiB MiB', ({ memoryMiB, pieces }) => {
  const found = ramLayout(memoryMiB).map(
    ({ range, ramOffset }) => `${renderRange(range)} at ${hex(ramOffset)}`,
  );
  expect(found).toEqual(pieces);
});
