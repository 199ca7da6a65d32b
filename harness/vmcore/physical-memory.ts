// SPDX-License-Identifier: MIT
import type { Pfn, PhysAddr } from '../memory/pfn.ts';
import type { PhysRange } from '../memory/phys-range.ts';

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
