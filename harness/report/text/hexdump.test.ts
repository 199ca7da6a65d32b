// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { renderHexdump } from './hexdump.ts';

it('has a line for every sixteen bytes, and nothing that a terminal would obey', () => {
  const bytes = new TextEncoder().encode('Linux version\u001b[2J 7.3');
  expect(renderHexdump(bytes, 0xffffffff81000000n)).toEqual([
    'ffffffff81000000  4c 69 6e 75 78 20 76 65 72 73 69 6f 6e 1b 5b 32  Linux version.[2',
    'ffffffff81000010  4a 20 37 2e 33                                   J 7.3',
  ]);
});
