// SPDX-License-Identifier: MIT
import { MissingPageError } from '../errors.ts';
import { PAGE_SIZE, hex } from '../memory/pfn.ts';
import { ramLayout } from '../memory/ram-layout.ts';
import { runsOf } from '../memory/runs.ts';
import type { RamPlace } from '../qemu/machine-ram.ts';
import { cachedSource } from '../vmcore/dump/cached-source.ts';
import type { PhysicalMemory } from '../vmcore/dump/physical-memory.ts';
import { readFrom, writtenPages } from './read-ram.ts';

/** The RAM of a machine that stands still, as its CPUs address it. `has()` is whether the guest has ever written to a page. */
export function ramMemory(place: RamPlace): PhysicalMemory {
  const pieces = ramLayout(place.size / 2 ** 20);
  const isPresent = writtenPages(place, 0, place.size / PAGE_SIZE);
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
    readFrom(mem, bytes.subarray(begin - offset, end - offset), start + begin);
  }
  return bytes;
}
