// SPDX-License-Identifier: MIT
import { readSync } from 'node:fs';
import { HostError, MissingPageError } from '../errors.ts';
import { PAGE_SIZE, hex } from '../memory/pfn.ts';
import { ramLayout } from '../memory/ram-layout.ts';
import { runsOf } from '../memory/runs.ts';
import type { RamPlace } from '../qemu/machine-ram.ts';
import { cachedSource } from '../vmcore/dump/cached-source.ts';
import type { PhysicalMemory } from '../vmcore/dump/physical-memory.ts';

/** Bytes of pagemap for each page, and what the last of them has where the page is present or swapped out (Linux, Documentation/admin-guide/mm/pagemap.rst). */
const ENTRY_BYTES = 8;
const HAS_PAGE = 0xc0;

/** The RAM of a machine that stands still, as its CPUs address it. `has()` is whether the guest has ever written to a page. */
export function ramMemory(place: RamPlace): PhysicalMemory {
  const pieces = ramLayout(place.size / 2 ** 20);
  const isPresent = presentPages(place);
  const ram = cachedSource({
    size: place.size,
    read: (offset, length) => readRam(place, isPresent, { offset, length }),
  });
  /** Where the bytes are in RAM; undefined if they are not in one piece of it. */
  const offsetOf = (start: number, length: number): number | undefined => {
    const piece = pieces.find(({ range }) => range.start <= start && start + length <= range.end);
    return piece && piece.ramOffset + start - piece.range.start;
  };
  return {
    ranges: pieces.map(({ range }) => range),
    has: (page) => {
      const offset = offsetOf(page * PAGE_SIZE, PAGE_SIZE);
      return offset !== undefined && isPresent(offset / PAGE_SIZE);
    },
    read: (start, length) => {
      const offset = offsetOf(start, length);
      if (offset !== undefined) return ram.read(offset, length);
      throw new MissingPageError(`Cannot read page ${hex(start)}: the machine has no RAM there`);
    },
  };
}

/** Which pages of RAM there are in QEMU: it has none for what the guest never wrote to. */
function presentPages({ pagemap, start, size }: RamPlace): (page: number) => boolean {
  const entries = new Uint8Array((size / PAGE_SIZE) * ENTRY_BYTES);
  readAll(pagemap, entries, (start / PAGE_SIZE) * ENTRY_BYTES);
  return (page) => ((entries[page * ENTRY_BYTES + ENTRY_BYTES - 1] ?? 0) & HAS_PAGE) !== 0;
}

/** Reads RAM without making QEMU have the pages that it has not. */
function readRam(
  { mem, start }: RamPlace,
  isPresent: (page: number) => boolean,
  { offset, length }: { readonly offset: number; readonly length: number },
): Uint8Array {
  const bytes = new Uint8Array(length);
  const first = Math.floor(offset / PAGE_SIZE);
  const count = Math.ceil((offset + length) / PAGE_SIZE) - first;
  for (const [from, to] of runsOf(count, (page) => isPresent(first + page))) {
    const begin = Math.max((first + from) * PAGE_SIZE, offset);
    const end = Math.min((first + to) * PAGE_SIZE, offset + length);
    readAll(mem, bytes.subarray(begin - offset, end - offset), start + begin);
  }
  return bytes;
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
