// SPDX-License-Identifier: MIT
import { crc32 } from 'node:zlib';
import { FormatError } from '../../errors.ts';
import { pageRange } from '../../memory/page-map.ts';
import { type PhysAddr, SZ_1M } from '../../memory/pfn.ts';
import { type Seen, seeingFrom } from '../../seen.ts';
import type { Evidence } from './evidence.ts';
import { LOW } from './page-faults.ts';
import { type TrampolineHeader, readTrampolineHeader } from '../../memory/trampoline-bytes.ts';

/** What invariants ask of the low 1 MiB as the system kernel left it. */
export interface SavedMemory {
  /** The CRC-32 of each of the 256 pages. */
  readonly crcs: readonly number[];
  /** What lies where the trampoline is; null where that is not in these bytes. */
  readonly trampoline: TrampolineHeader | null;
}

const PATH = 'jump/low1m.bin';

/**
 * Reads `jump/low1m.bin`; null in a bundle without it, which is older than the file. An older one of a
 * machine that got stuck has not what the system kernel left: the capture kernel may have run in it.
 */
export function seenSavedMemory(
  evidence: Evidence,
  trampoline: PhysAddr | null,
): Seen<SavedMemory> | null {
  if (!evidence.has(PATH)) return null;
  return seeingFrom(seenLowMemory(evidence), (bytes) => readSavedMemory(bytes, trampoline));
}

/** The bytes of the low 1 MiB as the system kernel left it. */
export function seenLowMemory(evidence: Evidence): Seen<Uint8Array> {
  const isOlder = !evidence.has('dead/kernel.json');
  if (evidence.cell.outcome.kind === 'overrun' && isOlder && evidence.has(PATH)) {
    return { value: null, why: `${PATH} is of a machine that got stuck` };
  }
  return evidence.read(PATH, requireWhole);
}

function requireWhole(bytes: Uint8Array): Uint8Array {
  if (bytes.length === SZ_1M) return bytes;
  throw new FormatError(
    `Cannot read the low 1 MiB: expected ${SZ_1M} bytes, found ${bytes.length}`,
  );
}

function readSavedMemory(bytes: Uint8Array, trampoline: PhysAddr | null): SavedMemory {
  const crcs = LOW.map((page) => {
    const { start, end } = pageRange(page);
    return crc32(bytes.subarray(start, end));
  });
  return { crcs, trampoline: trampoline && readTrampolineHeader(bytes, trampoline) };
}
