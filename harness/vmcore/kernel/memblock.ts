// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PHYS_ADDR_LIMIT } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { printableText } from '../../memory/printable-text.ts';
import { seeing } from '../../seen.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** The two lists of the early allocator, each in its order, which is ascending. */
export interface Memblock {
  readonly memory: readonly MemblockRegion[];
  readonly reserved: readonly MemblockRegion[];
}

/** A `struct memblock_region`. */
interface MemblockRegion extends PhysRange {
  /** `enum memblock_flags`. */
  readonly flags: number;
}

/** `struct memblock`: `bottom_up` and `current_limit`, then two `struct memblock_type`. */
const FIRST_TYPE = 16n;
const TYPE_BYTES = 40n;
/** `struct memblock_region`: base, size, flags, and the node or padding. */
const REGION_BYTES = 24;

/** Regions of a list, at most; `INIT_MEMBLOCK_REGIONS` is 128, and it doubles. */
const REGION_LIMIT = 65_536;
const NAME_LIMIT = 16;

/**
 * Reads both lists as the kernel last had them (mm/memblock.c; the structures are the same from 5.9 to
 * 7.3). It gives their memory away in the end, so they count only if names, sums and order are right:
 * memory that was used again is not. Throws `FormatError`.
 */
export function readMemblock(memory: VirtualMemory, kallsyms: Kallsyms): Memblock {
  const memblock = kallsyms.requireAddress('memblock');
  return {
    memory: readType(memory, memblock + FIRST_TYPE, 'memory'),
    reserved: readType(memory, memblock + FIRST_TYPE + TYPE_BYTES, 'reserved'),
  };
}

function readType(memory: VirtualMemory, at: bigint, name: string): MemblockRegion[] {
  const [count, max, total] = [memory.u64(at), memory.u64(at + 8n), memory.u64(at + 16n)];
  const [array, nameAt] = [memory.u64(at + 24n), memory.u64(at + 32n)];
  const found = seeing(() => memory.text(nameAt, NAME_LIMIT)).value ?? '';
  if (found !== name) throw badList(name, 'its name', `"${printableText(found)}"`);
  if (count > max || max > REGION_LIMIT) {
    throw badList(name, `at most ${REGION_LIMIT} regions`, `${count} of ${max}`);
  }
  const bytes = memory.read(array, Number(count) * REGION_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const regions = Array.from({ length: Number(count) }, (_, index) =>
    regionAt(view, index * REGION_BYTES, name),
  ).filter(({ start, end }) => start < end);
  const sum = regions.reduce((bytesSoFar, { start, end }) => bytesSoFar + end - start, 0);
  if (BigInt(sum) !== total) throw badList(name, `${total} bytes`, `${sum}`);
  const isAscending = regions.every(({ start }, index) => start >= (regions[index - 1]?.end ?? 0));
  if (!isAscending) throw badList(name, 'ascending regions', 'others');
  return regions;
}

function regionAt(view: DataView, offset: number, name: string): MemblockRegion {
  const base = view.getBigUint64(offset, true);
  const end = base + view.getBigUint64(offset + 8, true);
  if (end > BigInt(PHYS_ADDR_LIMIT))
    throw badList(name, 'memory', `an end of 0x${end.toString(16)}`);
  return {
    ...physRange(Number(base), Number(end)),
    flags: view.getUint32(offset + 16, true),
  };
}

function badList(name: string, expected: string, found: string): FormatError {
  return new FormatError(
    `Cannot read memblock.${name}: expected ${expected}, found ${found}; ` +
      'the kernel has used its memory again',
  );
}
