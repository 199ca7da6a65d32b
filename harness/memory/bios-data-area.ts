// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { PAGE_SIZE } from './pfn.ts';

/** The words of the BIOS data area that Linux still reads, whatever the firmware left there. */
export interface BiosWords {
  /** Segment of the extended BIOS data area, at 0x40e. */
  readonly ebdaSegment: number;
  /** KiB of base memory below what the BIOS keeps, at 0x413. */
  readonly baseMemoryKiB: number;
}

/** Reads them from physical page 0. Throws `FormatError` unless it is a whole page. */
export function readBiosWords(page0: Uint8Array): BiosWords {
  if (page0.length !== PAGE_SIZE) {
    throw new FormatError(`Cannot read page 0: expected ${PAGE_SIZE} bytes, found ${page0.length}`);
  }
  const view = new DataView(page0.buffer, page0.byteOffset, page0.length);
  return { ebdaSegment: view.getUint16(0x40e, true), baseMemoryKiB: view.getUint16(0x413, true) };
}
