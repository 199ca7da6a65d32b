// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { PAGE_SIZE, PHYS_ADDR_LIMIT, hex } from './pfn.ts';
import { type PhysRange, physRange } from './phys-range.ts';

/** Offsets in `struct boot_params` (Documentation/arch/x86/zero-page.rst and boot.rst). */
const RAMDISK_IMAGE = { low: 0x218, high: 0x0c0 };
const RAMDISK_SIZE = { low: 0x21c, high: 0x0c4 };
const NEEDED = RAMDISK_SIZE.low + 4;

/**
 * Reads where the initrd lies, in whole pages as `early_reserve_initrd()` reserves it; null if
 * there is none. Throws `FormatError` for a page that is cut short, or an initrd beyond 52 bits.
 */
export function readInitrd(bootParams: Uint8Array): PhysRange | null {
  if (bootParams.length < NEEDED) {
    throw new FormatError(
      `Cannot read boot_params: expected ${NEEDED} bytes, found ${bootParams.length}`,
    );
  }
  const view = new DataView(bootParams.buffer, bootParams.byteOffset, bootParams.length);
  const [start, size] = [readPair(view, RAMDISK_IMAGE), readPair(view, RAMDISK_SIZE)];
  if (start === 0 || size === 0) return null;
  const end = Math.ceil((start + size) / PAGE_SIZE) * PAGE_SIZE;
  if (end > PHYS_ADDR_LIMIT) {
    throw new FormatError(
      `Cannot read boot_params: expected an initrd, found ${hex(size)} bytes at ${hex(start)}`,
    );
  }
  return physRange(start, end);
}

/** A 64-bit number in two halves; beyond 53 bits it is inexact, but still too large to pass. */
function readPair(view: DataView, { low, high }: typeof RAMDISK_IMAGE): number {
  return view.getUint32(high, true) * 2 ** 32 + view.getUint32(low, true);
}
