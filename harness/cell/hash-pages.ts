// SPDX-License-Identifier: MIT
import { readSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { HostError } from '../errors.ts';
import { ZERO_PAGE_CRC, pageCrc } from '../memory/page-crcs.ts';
import { PAGE_SIZE } from '../memory/pfn.ts';
import { runsOf } from '../memory/runs.ts';
import type { RamPlace } from '../qemu/machine-ram.ts';

/** Pages per read. */
const CHUNK_PAGES = 1024;

/** Bytes of pagemap for each page, and what the last of them has where the page is present or swapped out (Linux, Documentation/admin-guide/mm/pagemap.rst). */
const ENTRY_BYTES = 8;
const HAS_PAGE = 0xc0;

/**
 * The CRC-32 of each page of a machine's RAM, little-endian, gzipped. For a thread: it works at memory speed, for half a
 * second a gigabyte that the guest has written to. What it has not is not read: it is zero.
 */
export function hashRam({ mem, pagemap, start, size }: RamPlace): Uint8Array {
  const pages = size / PAGE_SIZE;
  const crcs = new Uint32Array(pages).fill(ZERO_PAGE_CRC);
  const entries = new Uint8Array(CHUNK_PAGES * ENTRY_BYTES);
  const chunk = new Uint8Array(CHUNK_PAGES * PAGE_SIZE);
  for (let first = 0; first < pages; first += CHUNK_PAGES) {
    const count = Math.min(CHUNK_PAGES, pages - first);
    const address = start + first * PAGE_SIZE;
    readAll(pagemap, entries.subarray(0, count * ENTRY_BYTES), (address / PAGE_SIZE) * ENTRY_BYTES);
    for (const [from, to] of runsOf(count, (page) => isPresent(entries, page))) {
      const bytes = chunk.subarray(from * PAGE_SIZE, to * PAGE_SIZE);
      readAll(mem, bytes, address + from * PAGE_SIZE);
      for (let page = from; page < to; page += 1) {
        crcs[first + page] = pageCrc(chunk.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
      }
    }
  }
  return gzipSync(new Uint8Array(crcs.buffer), { level: 1 });
}

/** Whether a page is there, by its entry. */
function isPresent(entries: Uint8Array, page: number): boolean {
  return ((entries[page * ENTRY_BYTES + ENTRY_BYTES - 1] ?? 0) & HAS_PAGE) !== 0;
}

function readAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const length = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (length === 0) {
      throw new HostError(
        `Cannot read the machine's memory: ${bytes.length} bytes wanted, ${done} found`,
      );
    }
    done += length;
  }
}
