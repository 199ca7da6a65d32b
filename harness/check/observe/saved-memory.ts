// SPDX-License-Identifier: MIT
import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.ts';
import { pageRange } from '../../memory/page-map.ts';
import { type PhysAddr, SZ_1M, physAddr } from '../../memory/pfn.ts';
import type { Seen } from '../../seen.ts';
import type { Evidence } from './evidence.ts';
import { LOW } from './page-faults.ts';

/** What invariants ask of the low 1 MiB as the system kernel left it. */
export interface SavedMemory {
  /** The CRC-32 of each of the 256 pages. */
  readonly crcs: readonly number[];
  /** What lies where `real_mode_header` points; null where that is not in these bytes. */
  readonly trampoline: TrampolineHeader | null;
}

/**
 * The first words of `struct real_mode_header` (arch/x86/include/asm/realmode.h), the same in 5.10, 6.1, 6.12 and 7.3:
 * `setup_real_mode()` makes them physical addresses.
 */
export interface TrampolineHeader {
  readonly textStart: PhysAddr;
  readonly roEnd: PhysAddr;
  readonly trampolineStart: PhysAddr;
}

const PATH = 'jump/low1m.bin';
const HEADER_BYTES = 12;

/**
 * Reads `jump/low1m.bin`; null in a bundle without it, which is older than the file. What was saved of a machine
 * that got stuck is not what the system kernel left: the capture kernel may have run in it.
 */
export function seenSavedMemory(
  evidence: Evidence,
  trampoline: PhysAddr | null,
): Seen<SavedMemory> | null {
  if (!evidence.has(PATH)) return null;
  if (evidence.cell.outcome.kind === 'overrun') {
    return { value: null, why: `${PATH} is of a machine that got stuck` };
  }
  return evidence.read(PATH, (bytes) => readSavedMemory(bytes, trampoline));
}

function readSavedMemory(bytes: Uint8Array, trampoline: PhysAddr | null): SavedMemory {
  if (bytes.length !== SZ_1M) {
    throw new FormatError(
      `Cannot read the low 1 MiB: ${SZ_1M} bytes wanted, ${bytes.length} found`,
    );
  }
  const crcs = LOW.map((page) => {
    const { start, end } = pageRange(page);
    return crc32(bytes.subarray(start, end));
  });
  const isInside = trampoline !== null && trampoline + HEADER_BYTES <= SZ_1M;
  return { crcs, trampoline: isInside ? readHeader(bytes, trampoline) : null };
}

function readHeader(bytes: Uint8Array, at: PhysAddr): TrampolineHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
  const word = (offset: number): PhysAddr => physAddr(view.getUint32(offset, true));
  return { textStart: word(0), roEnd: word(4), trampolineStart: word(8) };
}
