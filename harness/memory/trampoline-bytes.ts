// SPDX-License-Identifier: MIT
import { PAGE_SIZE, type PhysAddr, SZ_1M, physAddr } from './pfn.ts';
import { type PhysRange, physRange } from './phys-range.ts';
import type { Seen } from '../seen.ts';

/**
 * The first words of `struct real_mode_header` (arch/x86/include/asm/realmode.h), the same in 5.10, 6.1, 6.12 and 7.3:
 * `setup_real_mode()` makes them physical addresses.
 */
export interface TrampolineHeader {
  readonly textStart: PhysAddr;
  readonly roEnd: PhysAddr;
  readonly trampolineStart: PhysAddr;
}

/** Bytes of these words. */
export const HEADER_BYTES = 12;

/** `REALMODE_END_SIGNATURE` (arch/x86/realmode/rm/realmode.h), with which a trampoline ends (realmode.lds.S). */
const END_SIGNATURE = 0x65a22c82;
const SIGNATURE_BYTES = 4;

/** No kernel has a trampoline of more pages. */
const MAX_PAGES = 16;

/** What lies at an address of the low 1 MiB if that is a trampoline; null if it reaches beyond it. */
export function readTrampolineHeader(lowMemory: Uint8Array, at: PhysAddr): TrampolineHeader | null {
  if (at + HEADER_BYTES > lowMemory.length) return null;
  const view = new DataView(lowMemory.buffer, lowMemory.byteOffset + at, HEADER_BYTES);
  const word = (offset: number): PhysAddr => physAddr(view.getUint32(offset, true));
  return { textStart: word(0), roEnd: word(4), trampolineStart: word(8) };
}

/**
 * Whether the header is that of a trampoline in `place`. By arch/x86/realmode/rm/realmode.lds.S its code begins at a
 * page after the header's; `trampoline_start`, where CPUs start, must be a page too. `ro_end` is none: the kernel
 * rounds it up.
 */
export function isTrampolineOf(place: PhysRange, header: TrampolineHeader): boolean {
  const { textStart, roEnd, trampolineStart } = header;
  const isOrdered =
    place.start < textStart &&
    textStart <= trampolineStart &&
    trampolineStart < roEnd &&
    roEnd <= place.end;
  return isOrdered && [textStart, trampolineStart].every((start) => start % PAGE_SIZE === 0);
}

/**
 * The pages of the trampoline, found by its bytes: a header that was relocated to where it lies, with the end signature
 * behind it. No symbol of the kernel is needed.
 */
export function findTrampoline(lowMemory: Uint8Array): Seen<PhysRange> {
  const found = Array.from({ length: SZ_1M / PAGE_SIZE }, (_, page) => page * PAGE_SIZE).flatMap(
    (start) => trampolineAt(lowMemory, physAddr(start)) ?? [],
  );
  const [place] = found;
  if (place !== undefined && found.length === 1) return { value: place };
  return { value: null, why: `low memory has the bytes of ${found.length} trampolines` };
}

function trampolineAt(lowMemory: Uint8Array, start: PhysAddr): PhysRange | null {
  const most = Math.min(start + MAX_PAGES * PAGE_SIZE, lowMemory.length);
  const header = readTrampolineHeader(lowMemory, start);
  if (header === null || !isTrampolineOf(physRange(start, most), header)) return null;
  const view = new DataView(lowMemory.buffer, lowMemory.byteOffset, lowMemory.length);
  const first = Math.ceil(header.roEnd / SIGNATURE_BYTES) * SIGNATURE_BYTES;
  for (let at = first; at + SIGNATURE_BYTES <= most; at += SIGNATURE_BYTES) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    const end = Math.ceil((at + SIGNATURE_BYTES) / PAGE_SIZE) * PAGE_SIZE;
    return physRange(start, end);
  }
  return null;
}
