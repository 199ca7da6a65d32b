// SPDX-License-Identifier: MIT
import { crc32 } from 'node:zlib';
import { PAGE_SIZE } from './pfn.ts';

/** The CRC-32 of a page of zeroes. */
export const ZERO_PAGE_CRC = crc32(new Uint8Array(PAGE_SIZE));

const ZEROES = new Uint8Array(PAGE_SIZE);

/**
 * The CRC-32 of a page. Two different pages share one in one case of four billion: good enough to find accidents, not
 * to find what somebody hides.
 */
export function pageCrc(page: Uint8Array): number {
  // Most of a guest's memory is zero, and comparing is faster than summing.
  return Buffer.compare(page, ZEROES) === 0 ? ZERO_PAGE_CRC : crc32(page);
}

/** The CRC-32 of each page of `bytes`, a whole number of pages. */
export function pageCrcs(bytes: Uint8Array): Uint32Array {
  return Uint32Array.from({ length: bytes.length / PAGE_SIZE }, (_, page) =>
    pageCrc(bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)),
  );
}
