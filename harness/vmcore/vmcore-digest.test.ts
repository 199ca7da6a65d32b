// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { pageCrc } from '../memory/page-crcs.ts';
import { bytesSource } from './dump/byte-source.ts';
import { digestOf, wholeDump } from './testing/flattened-builder.ts';
import { elfCoreBytes, pageOf } from './testing/vmcore-builder.ts';
import { digestVmcore } from './vmcore-digest.ts';

it('has the CRC of each page', () => {
  const bytes = Buffer.concat([pageOf(1), pageOf(2)]);
  const { whole, pages } = digestOf(elfCoreBytes([], [{ paddr: 0x10_0000, bytes }]));
  expect(whole).toEqual({ value: '0.0 MB' });
  expect(pages.value?.pfns).toEqual(Uint32Array.of(0x100, 0x101));
  expect(pages.value?.crcs).toEqual(Uint32Array.of(pageCrc(pageOf(1)), pageCrc(pageOf(2))));
});

it('says why a dump cannot be read, and still whether it is complete', () => {
  const { whole, pages } = digestOf(wholeDump());
  expect(whole).toEqual({ value: '0.0 MB in 2 records' });
  expect(pages.value).toBeNull();
});

it('says that a dump is cut off', () => {
  const bytes = elfCoreBytes([], [{ paddr: 0x10_0000, bytes: pageOf(1) }]).subarray(0, 3000);
  const why = 'The vmcore is cut off after 3000 bytes: expected 1272 more';
  expect(digestVmcore(bytesSource(bytes)).whole).toEqual({ value: null, why });
});

it('refuses a dump that claims more memory than a machine has', () => {
  const load = { paddr: 0, bytes: pageOf(1), memoryBytes: 2 ** 40 };
  expect(digestVmcore(bytesSource(elfCoreBytes([], [load]))).pages).toEqual({
    value: null,
    why: 'Cannot read the vmcore: expected at most 16777216 pages, found 268435456',
  });
});
