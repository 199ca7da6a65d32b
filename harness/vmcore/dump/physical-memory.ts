// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE, type Pfn, type PhysAddr, pfn } from '../../memory/pfn.ts';
import { type PhysRange, rangeSize } from '../../memory/phys-range.ts';

/** The physical memory of a machine, as far as somebody has it: a dump, or the file that is a guest's RAM. */
export interface PhysicalMemory {
  /** What there may be, ascending and disjoint; a dump may have left out pages in it. */
  readonly ranges: readonly PhysRange[];
  /** Whether a whole page is there; it may still be unreadable. */
  has(page: Pfn): boolean;
  /**
   * Gives exactly `length` bytes from `start`. Throws `MissingPageError` for the first page that is not there,
   * `FormatError` for one that cannot be read.
   */
  read(start: PhysAddr, length: number): Uint8Array;
}

/** The most pages that a dump may claim to have: 64 GiB. A few bytes can claim any number. */
const MAX_PAGES = 2 ** 24;

/** The pages that lie wholly in what there may be, ascending. Throws `FormatError` for more than a machine has. */
export function* wholePages({ ranges }: PhysicalMemory): Generator<Pfn> {
  const claimed = ranges.reduce((sum, range) => sum + rangeSize(range) / PAGE_SIZE, 0);
  if (claimed > MAX_PAGES) {
    throw new FormatError(
      `Cannot read the vmcore: at most ${MAX_PAGES} pages wanted, ${claimed} found`,
    );
  }
  for (const { start, end } of ranges) {
    for (let page = Math.ceil(start / PAGE_SIZE); (page + 1) * PAGE_SIZE <= end; page += 1) {
      yield pfn(page);
    }
  }
}
