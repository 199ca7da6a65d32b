// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { MEMBLOCK_DUMP } from '../testing/parser-seeds.ts';
import { parseMemblockDump, parseMemblockLog } from './memblock-log.ts';
import { physRange } from './phys-range.ts';

it.each([
  [
    'memblock_reserve: [0x000000000009f000-0x00000000000fffff] setup_arch+0x689/0xc55',
    { call: 'reserve', range: physRange(0x9f000, 0x100000) },
  ],
  [
    '__memblock_reserve: [0x0000000000000000-0x00000000000fffff] nid=-1 flags=0 reserve_real_mode+0xa8/0xe0',
    { call: 'reserve', range: physRange(0, 0x100000) },
  ],
  [
    'memblock_phys_free: [0x000000000009d740-0x000000000009efff] efi_memmap_install+0x1',
    { call: 'free', range: physRange(0x9d740, 0x9f000) },
  ],
  [
    'memblock_free: [0x000000000009d000-0x000000000009efff] memblock_discard+0x1',
    { call: 'free', range: physRange(0x9d000, 0x9f000) },
  ],
])('reads %s', (line, call) => {
  expect(parseMemblockLog(`[    0.000000] ${line}\n`)).toEqual([call]);
});

it.each([
  'memblock_add: [0x0000000000001000-0x000000000009ffff] e820__memblock_setup+0x65/0x7d',
  'memblock_reserve: [0x0000000000100000-0x00000000001fffff] setup_arch+0x1',
  'memblock_reserve: [0x9f000-',
  'memblock_reserve: [0x9f000-0x1000] backwards',
])('leaves out %s', (line) => {
  expect(parseMemblockLog(`[    0.000000] ${line}\n`)).toEqual([]);
});

it('reads what is reserved when memblock has its RAM, with its flags', () => {
  expect(parseMemblockDump(MEMBLOCK_DUMP)).toEqual([
    { range: physRange(0, 0x10000), flags: 0 },
    { range: physRange(0x34c0_0000, 0x3840_0000), flags: 0x20 },
  ]);
  expect(parseMemblockDump(MEMBLOCK_DUMP.replace('cnt  = 0x2', 'cnt  = 0x3'))).toBeNull();
  expect(parseMemblockDump(MEMBLOCK_DUMP.replace('reserved[0x0]', 'reserved[0x7]'))).toBeNull();
});
