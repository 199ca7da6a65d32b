// SPDX-License-Identifier: MIT
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { FormatError } from '../errors.ts';
import { parseLayout } from '../layout/layout.ts';
import { planPersonality } from '../layout/personality-plan.ts';
import { layoutBlob } from './layout-blob.ts';

function blobOf(changes: object): Buffer {
  const layout = {
    schema: 1,
    id: 'test',
    source: 'a test',
    kind: 'efi',
    ranges: [
      { start: '0x0', end: '0xfff', type: 'Conventional', tag: false },
      { start: '0x1000', end: '0x8efff', type: 'BootServicesData' },
      { start: '0xa0000', end: '0xfffff', type: 'Reserved' },
    ],
    ...changes,
  };
  return Buffer.from(layoutBlob(planPersonality(parseLayout(JSON.stringify(layout), 'test'))));
}

it('contains ranges and holes in the format of layout.h', () => {
  const blob = blobOf({});
  expect(blob.toString('hex', 0, 8)).toBe(Buffer.from('sub1mlay').toString('hex'));
  expect(blob.toString('hex', 8, 16)).toBe('0100000050000000'); // version 1, 80 bytes
  expect(blob.toString('hex', 20, 32)).toBe('000000000000000004000000'); // no flags, 4 ranges
  expect(blob.toString('hex', 32).match(/.{24}/g)).toEqual([
    '000001000700000000000000', // page 0, 1 page, conventional, no tag
    '01008e000400000001000000', // boot services data
    '8f001100ffffffff01000000', // a hole up to 640 KiB
    'a00060000000000001000000', // reserved
  ]);
});

it('has a CRC-32 of everything, with 0 in its own place', () => {
  const blob = blobOf({});
  const found = blob.readUInt32LE(16);
  blob.writeUInt32LE(0, 16);
  expect(found).toBe(crc32(blob));
});

it('contains levers', () => {
  const islands = [{ type: 'LoaderData', start: '0x20000000', step: '0x4000', count: 126 }];
  const blob = blobOf({
    bda: { ebdaSegment: '0x2c00', baseMemoryKiB: 639 },
    levers: { esrt: true, bgrt: true, setVirtualAddressMapFails: true, islands },
  });
  expect(blob.toString('hex', 20, 32)).toBe('0f000000002c7f0204000100');
  expect(blob.toString('hex', 80)).toBe('000000200000000000400000000000007e00000002000000');
});

it.each([
  [{ esrt: true }, 2],
  [{ bgrt: true }, 4],
  [{ setVirtualAddressMapFails: true }, 8],
])('has a flag for %j', (levers, flags) => {
  expect(blobOf({ levers }).readUInt32LE(20)).toBe(flags);
});

it('is not larger than the driver can read', () => {
  const islands = Array.from({ length: 400 }, () => ({
    type: 'LoaderData',
    start: '0x20000000',
    step: '0x4000',
    count: 1,
  }));
  expect(() => blobOf({ levers: { islands } })).toThrow(
    new FormatError(
      'Cannot hand over the layout: expected at most 8192 bytes, found 9680; it has 4 ranges',
    ),
  );
});
