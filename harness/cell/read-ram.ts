// SPDX-License-Identifier: MIT
import { readSync } from 'node:fs';
import { HostError } from '../errors.ts';
import { PAGE_SIZE } from '../memory/pfn.ts';
import type { RamPlace } from '../qemu/machine-ram.ts';

/**
 * Bytes of pagemap for each page, and what the last of them has where the page is present or swapped out (Linux,
 * Documentation/admin-guide/mm/pagemap.rst).
 */
const ENTRY_BYTES = 8;
const HAS_PAGE = 0xc0;

/** Fills `bytes` from a place in a file such as `/proc/<pid>/mem`. Throws `HostError` if it ends before. */
export function readFrom(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length;) {
    const length = readSync(fd, bytes, done, bytes.length - done, position + done);
    if (length === 0) {
      throw new HostError(
        `Cannot read the machine's memory: expected ${bytes.length} bytes, found ${done}`,
      );
    }
    done += length;
  }
}

/** Whether the guest has ever written to each of `count` pages of RAM, from `first` on. */
export function writtenPages(
  { pagemap, start }: RamPlace,
  first: number,
  count: number,
): (page: number) => boolean {
  const entries = new Uint8Array(count * ENTRY_BYTES);
  readFrom(pagemap, entries, (start / PAGE_SIZE + first) * ENTRY_BYTES);
  return (page) => ((entries[page * ENTRY_BYTES + ENTRY_BYTES - 1] ?? 0) & HAS_PAGE) !== 0;
}
