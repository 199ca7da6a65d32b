// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { E820Entry } from './e820.ts';
import { withMemmap } from './memmap-parameter.ts';
import { PHYS_ADDR_LIMIT } from './pfn.ts';
import { physRange } from './phys-range.ts';

const MAP: E820Entry[] = [{ range: physRange(0, 0xa0000), ram: true }];

it.each([
  ['', MAP],
  ['memmap', MAP],
  ['memmap=nonsense', MAP],
  ['memmap=4K$0x20000', [...MAP, { range: physRange(0x20000, 0x21000), ram: false }]],
  ['memmap=4K#0x20000', [...MAP, { range: physRange(0x20000, 0x21000), ram: false }]],
  ['memmap=4K!0x20000', [...MAP, { range: physRange(0x20000, 0x21000), ram: false }]],
  ['memmap=1M@1M', [...MAP, { range: physRange(0x100000, 0x200000), ram: true }]],
  ['memmap=512K', [...MAP, { range: physRange(0x80000, PHYS_ADDR_LIMIT), ram: false }]],
  ['memmap=exactmap,640K@0', [{ range: physRange(0, 0xa0000), ram: true }]],
  [
    'memmap=4K$0x1000 memmap=4K$0x3000',
    [
      ...MAP,
      { range: physRange(0x1000, 0x2000), ram: false },
      { range: physRange(0x3000, 0x4000), ram: false },
    ],
  ],
])('makes of the map what "%s" asks', (cmdline, wanted) => {
  expect(withMemmap(MAP, cmdline)).toEqual(wanted);
});

it.each(['memmap=4K%0x20000-1+2', 'memmap=4K$', 'memmap=4K?0x1'])(
  'does not know the effect of "%s"',
  (cmdline) => {
    expect(withMemmap(MAP, cmdline)).toBeUndefined();
  },
);
