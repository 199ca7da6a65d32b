// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { PAGE_SIZE } from './pfn.ts';

/** The words of the BIOS data area that Linux still reads, whatever firmware left there. */
export interface BiosWords {
  /** Segment of the extended BIOS data area, at 0x40e. */
  readonly ebdaSegment: number;
  /** KiB of memory below the BIOS's own, at 0x413. */
  readonly baseMemoryKiB: number;
}

/** Reads them out of physical page 0. Throws `FormatError` unless it is a page. */
export function readBiosWords(page0: Uint8Array): BiosWords {
  if (page0.length !== PAGE_SIZE) {
    throw new FormatError(`Cannot read page 0: expected ${PAGE_SIZE} bytes, found ${page0.length}`);
  }
  const view = new DataView(page0.buffer, page0.byteOffset, page0.length);
  return { ebdaSegment: view.getUint16(0x40e, true), baseMemoryKiB: view.getUint16(0x413, true) };
}
