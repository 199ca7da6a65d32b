// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { EFI_MEMORY_TYPES } from '../memory/efi-memory-types.ts';
import type { Layout, LayoutRange, Levers } from './layout.ts';
import { PAGE_SIZE, SZ_1M, hex } from '../memory/pfn.ts';
import { type PhysRange, physRange, renderRange } from '../memory/phys-range.ts';
import { type RangeSet, without } from '../memory/range-set.ts';

/** What OVMF must do. */
export interface PersonalityPlan {
  /** Ascending, whole pages below 1 MiB; together they cover every page below 640 KiB. */
  readonly ranges: readonly PlannedRange[];
  readonly levers: Levers;
}

/** A range of a plan. */
export interface PlannedRange {
  readonly range: PhysRange;
  /** `EFI_MEMORY_TYPE`, or null for a hole: no entry of the EFI memory map covers it. */
  readonly type: number | null;
  readonly tag: boolean;
}

/** The VGA hole and ROM: firmware has no RAM here. */
const ISA_HOLE = physRange(0xa_0000, SZ_1M);

/** What a range of a layout must be for a machine to have it, and what to say if it is not. */
const DEMANDS: readonly (readonly [(asked: LayoutRange) => boolean, string])[] = [
  [
    ({ range }) => range.start % PAGE_SIZE === 0 && range.end % PAGE_SIZE === 0,
    'it is not aligned to pages of 0x1000 bytes',
  ],
  [({ range }) => range.end <= SZ_1M, 'it is above 1 MiB'],
  [
    ({ range, type }) => range.end <= ISA_HOLE.start || EFI_MEMORY_TYPES[type]?.ram === false,
    'it is RAM in the VGA hole, 0xa0000-0xfffff',
  ],
  [({ type }) => isAllocatable(type), 'firmware cannot allocate this type'],
];

/** `EfiPersistentMemory`: `AllocatePages()` refuses it and `EfiUnacceptedMemoryType`. */
const FIRST_NOT_ALLOCATABLE = 14;

function isAllocatable(type: number): boolean {
  return type < FIRST_NOT_ALLOCATABLE;
}

/**
 * What OVMF must do to have a layout. Throws `FormatError` that names each range that no machine can
 * have, and why.
 */
export function planPersonality({ id, ranges, levers }: Layout): PersonalityPlan {
  const faults = [...ranges.flatMap(rangeFaults), ...levers.islands.flatMap(islandFaults)];
  if (faults.length > 0) {
    throw new FormatError(`Cannot give a machine the layout ${id}: ${faults.join('; ')}`);
  }
  const taken: RangeSet = ranges.map(({ range }) => range);
  const holes = without([physRange(0, ISA_HOLE.start)], taken).map((range) => ({
    range,
    type: null,
    tag: true,
  }));
  const planned = [...ranges, ...holes].toSorted((a, b) => a.range.start - b.range.start);
  return { ranges: planned, levers };
}

function rangeFaults(asked: LayoutRange): string[] {
  const found = DEMANDS.find(([holds]) => !holds(asked));
  const name = EFI_MEMORY_TYPES[asked.type]?.name ?? 'unknown';
  return found ? [`${renderRange(asked.range)} (${name}): ${found[1]}`] : [];
}

function islandFaults({ type, start, step }: Levers['islands'][number]): string[] {
  const what = `islands from ${hex(start)}`;
  if (start % PAGE_SIZE !== 0 || step % PAGE_SIZE !== 0 || step === 0) {
    return [`${what}: expected start and step in whole pages of 0x1000 bytes`];
  }
  if (start < SZ_1M) return [`${what}: they must be above 1 MiB`];
  const name = EFI_MEMORY_TYPES[type]?.name ?? 'unknown';
  return isAllocatable(type) && name !== 'Conventional'
    ? []
    : [`${what} (${name}): firmware cannot allocate this type`];
}
