// SPDX-License-Identifier: MIT
import { gzipSync } from 'node:zlib';
import { ZERO_PAGE_CRC, pageCrc } from '../memory/page-crcs.ts';
import { PAGE_SIZE } from '../memory/pfn.ts';
import { runsOf } from '../memory/runs.ts';
import type { RamPlace } from '../qemu/machine-ram.ts';
import { readFrom, writtenPages } from './read-ram.ts';

/** Pages per read. */
const CHUNK_PAGES = 1024;

/**
 * The CRC-32 of each page of a machine's RAM, little-endian, gzipped. For a thread: it works at memory speed, for half a
 * second a gigabyte that the guest has written to. What it has not is not read: it is zero.
 */
export function hashRam(place: RamPlace): Uint8Array {
  const { mem, start, size } = place;
  const pages = size / PAGE_SIZE;
  const crcs = new Uint32Array(pages).fill(ZERO_PAGE_CRC);
  const chunk = new Uint8Array(CHUNK_PAGES * PAGE_SIZE);
  for (let first = 0; first < pages; first += CHUNK_PAGES) {
    const count = Math.min(CHUNK_PAGES, pages - first);
    const address = start + first * PAGE_SIZE;
    for (const [from, to] of runsOf(count, writtenPages(place, first, count))) {
      const bytes = chunk.subarray(from * PAGE_SIZE, to * PAGE_SIZE);
      readFrom(mem, bytes, address + from * PAGE_SIZE);
      for (let page = from; page < to; page += 1) {
        crcs[first + page] = pageCrc(chunk.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
      }
    }
  }
  return gzipSync(new Uint8Array(crcs.buffer), { level: 1 });
}
