// SPDX-License-Identifier: MIT
import { SZ_1M } from './pfn.ts';
import { type PhysRange, clippedRange, physRange } from './phys-range.ts';

/** A piece of guest memory that is also one piece of the machine's RAM. */
export interface RamPiece {
  readonly range: PhysRange;
  /** Where `range.start` is in RAM, in bytes. */
  readonly ramOffset: number;
}

const SZ_4G = 2 ** 32;

/** A machine with at least this much RAM has less of it below 4 GiB, so that 1 GiB pages are aligned. */
const SPLIT_FROM = 0xb000_0000;

/** How much is then below 4 GiB. */
const SPLIT_LOWMEM = 0x8000_0000;

/** Where legacy video memory begins; from here to 1 MiB a CPU may see devices or ROMs. */
const LEGACY_VIDEO = 0xa_0000;

/**
 * Where the CPUs of a q35 see its RAM, which is one piece in QEMU's memory (`pc.ram`), in order. Mirrors QEMU's
 * `pc_q35_init()` (hw/i386/pc_q35.c), without 0xa0000 to 1 MiB, which is not always RAM. A bundle may claim any size:
 * memory ends with 52 bits.
 */
export function ramLayout(memoryMiB: number): RamPiece[] {
  const size = memoryMiB * SZ_1M;
  const lowmem = size >= SPLIT_FROM ? SPLIT_LOWMEM : size;
  return [
    { range: physRange(0, LEGACY_VIDEO), ramOffset: 0 },
    { range: physRange(SZ_1M, lowmem), ramOffset: SZ_1M },
    { range: clippedRange(SZ_4G, SZ_4G + size - lowmem), ramOffset: lowmem },
  ].filter(({ range }) => range.start < range.end);
}
