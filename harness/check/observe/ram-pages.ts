// SPDX-License-Identifier: MIT
import { PAGE_SIZE, type Pfn, pfn } from '../../memory/pfn.ts';
import type { PhysRange } from '../../memory/phys-range.ts';
import { type RamPiece, ramLayout } from '../../memory/ram-layout.ts';
import { rangeSet } from '../../memory/range-set.ts';

/** Pages, of which the first few are named. */
export interface PageList {
  readonly count: number;
  readonly first: readonly Pfn[];
}

/** Pages that are named of each list: a report shows no more. */
const NAMED = 64;

/** The pages of a machine's RAM. What a guest says of memory is looked at here alone: it may name any address. */
export class RamPages {
  readonly #pieces: readonly RamPiece[];

  constructor(memoryMiB: number) {
    this.#pieces = ramLayout(memoryMiB);
  }

  /** Which page of RAM it is, in the order of QEMU's RAM; undefined for one that is not RAM. */
  indexOf(page: Pfn): number | undefined {
    const start = page * PAGE_SIZE;
    const piece = this.#pieces.find(({ range }) => range.start <= start && start < range.end);
    return piece && (piece.ramOffset + start - piece.range.start) / PAGE_SIZE;
  }

  /** The pages of RAM that have a byte of the ranges, ascending, each once. */
  *in(ranges: readonly PhysRange[]): Generator<Pfn> {
    let next = 0;
    for (const { start, end } of rangeSet(ranges)) {
      for (const { range } of this.#pieces) {
        const last = Math.ceil(Math.min(end, range.end) / PAGE_SIZE);
        next = Math.max(next, Math.floor(Math.max(start, range.start) / PAGE_SIZE));
        for (; next < last; next += 1) yield pfn(next);
      }
    }
  }
}

/** Counts pages, and keeps the first few. */
export function listed(pages: Iterable<Pfn>): PageList {
  const first: Pfn[] = [];
  let count = 0;
  for (const page of pages) {
    count += 1;
    if (first.length < NAMED) first.push(page);
  }
  return { count, first };
}
