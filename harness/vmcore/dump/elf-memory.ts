// SPDX-License-Identifier: MIT
import { PAGE_SIZE, type Pfn, type PhysAddr, hex } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { checkReadLength, missingPage, readExactly } from './bounded-read.ts';
import type { ByteSource } from './byte-source.ts';
import type { ElfCore, ElfLoad } from './elf.ts';
import { type ExtentMap, extentAt, extentMap } from './extent-map.ts';
import type { PhysicalMemory } from './physical-memory.ts';

/** A piece of memory, half-open: its bytes start at `offset` in the file, or are all zero. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly offset: number | 'zero';
}

/**
 * The physical memory in the PT_LOADs of an ELF core file. They may overlap, as the kernel image
 * does with the memory around it: then the first counts, and bytes in the file before the zeroes
 * that follow the `fileBytes` of a load (System V ABI, "Program Header").
 */
export function elfMemory(source: ByteSource, core: ElfCore): PhysicalMemory {
  const pieces = [...core.loads.map(filePiece), ...core.loads.map(zeroPiece)].filter(
    ({ start, end }) => start < end,
  );
  const map = extentMap({
    starts: Float64Array.from(pieces, ({ start }) => start),
    ends: Float64Array.from(pieces, ({ end }) => end),
  });
  return {
    ranges: rangesOf(map),
    has: (page) => hasPage(map, page),
    read: (start, length) => {
      checkReadLength(start, length);
      const parts = partsOf(map, start, start + length);
      const [only] = parts;
      const readPart = (part: Part): Uint8Array => readPiece(source, pieces[part.owner], part);
      if (only && parts.length === 1) return readPart(only);
      const bytes = new Uint8Array(length);
      for (const part of parts) bytes.set(readPart(part), part.start - start);
      return bytes;
    },
  };
}

function filePiece({ paddr, fileBytes, offset }: ElfLoad): Piece {
  return { start: paddr, end: paddr + fileBytes, offset };
}

function zeroPiece({ paddr, fileBytes, memoryBytes }: ElfLoad): Piece {
  return { start: paddr + fileBytes, end: paddr + memoryBytes, offset: 'zero' };
}

/** Whether pieces cover the whole page. */
function hasPage({ starts, ends }: ExtentMap, page: Pfn): boolean {
  let at = page * PAGE_SIZE;
  const end = at + PAGE_SIZE;
  for (let index = extentAt({ starts, ends }, at); at < end; index += 1) {
    if ((starts[index] ?? Infinity) > at) return false;
    at = ends[index] ?? end;
  }
  return true;
}

function rangesOf({ starts, ends }: ExtentMap): PhysRange[] {
  const ranges: PhysRange[] = [];
  let start = starts[0] ?? 0;
  for (const [index, end] of ends.entries()) {
    const next = starts[index + 1];
    if (next === end) continue;
    ranges.push(physRange(start, end));
    start = next ?? 0;
  }
  return ranges;
}

/** The part of a read that falls into one piece. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly owner: number;
}

/** Splits a read by pieces. Throws `MissingPageError` if they leave a gap. */
function partsOf(map: ExtentMap, start: PhysAddr, end: number): Part[] {
  const parts: Part[] = [];
  let at: number = start;
  for (let index = extentAt(map, at); at < end; index += 1) {
    const [from, to] = [map.starts[index] ?? Infinity, map.ends[index] ?? Infinity];
    if (from > at) throw missingPage(at, 'no PT_LOAD of the dump has it');
    parts.push({ start: at, end: Math.min(to, end), owner: map.owners[index] ?? 0 });
    at = to;
  }
  return parts;
}

function readPiece(source: ByteSource, piece: Piece | undefined, part: Part): Uint8Array {
  const bytes = part.end - part.start;
  if (!piece || piece.offset === 'zero') return new Uint8Array(bytes);
  const offset = piece.offset + (part.start - piece.start);
  return readExactly(source, `memory at ${hex(part.start)}`, { offset, bytes });
}
