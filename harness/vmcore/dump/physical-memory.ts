// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE, type Pfn, type PhysAddr, pfn } from '../../memory/pfn.ts';
import { type PhysRange, rangeSize } from '../../memory/phys-range.ts';

/** Physical memory of a machine: that of a dump, or the file that is a guest's RAM. */
export interface PhysicalMemory {
  /** Ascending and disjoint; a dump may have left out pages of them. */
  readonly ranges: readonly PhysRange[];
  /** Whether a whole page is there; it may still not decompress. */
  has(page: Pfn): boolean;
  /**
   * Gives exactly `length` bytes from `start`. Throws `MissingPageError` for the first page that is
   * not there, `FormatError` for one that cannot be read.
   */
  read(start: PhysAddr, length: number): Uint8Array;
}

/** Pages that a dump may claim to have, at most: 64 GiB. A few bytes can claim any number. */
const MAX_PAGES = 2 ** 24;

/** The whole pages in the ranges, ascending. Throws `FormatError` for more than 64 GiB. */
export function* wholePages({ ranges }: PhysicalMemory): Generator<Pfn> {
  const claimed = ranges.reduce((sum, range) => sum + rangeSize(range) / PAGE_SIZE, 0);
  if (claimed > MAX_PAGES) {
    throw new FormatError(
      `Cannot read the vmcore: expected at most ${MAX_PAGES} pages, found ${claimed}`,
    );
  }
  for (const { start, end } of ranges) {
    for (let page = Math.ceil(start / PAGE_SIZE); (page + 1) * PAGE_SIZE <= end; page += 1) {
      yield pfn(page);
    }
  }
}

/** Those of them that are there. */
export function* pagesThere(memory: PhysicalMemory): Generator<Pfn> {
  for (const page of wholePages(memory)) if (memory.has(page)) yield page;
}
