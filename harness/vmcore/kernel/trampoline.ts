// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { ALL_LOW_PAGES } from '../../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, type PhysAddr, SZ_1M, hex, physAddr } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import {
  HEADER_BYTES,
  isTrampolineOf,
  readTrampolineHeader,
} from '../../memory/trampoline-bytes.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** The real-mode trampoline of a kernel in memory. */
export interface Trampoline {
  readonly paddr: PhysAddr;
  /** Bytes of the blob that goes there; null if the symbols do not say. */
  readonly bytes: number | null;
  /** Whether the bytes there are a trampoline's: before `setup_real_mode()` they are not. */
  readonly copied: boolean;
}

/** Bytes of a trampoline, at most; it has 6 pages or so. */
const BLOB_LIMIT = 0x2_0000;

/**
 * Where the trampoline is, or will be copied to (`real_mode_header`, `reserve_real_mode()`). Throws
 * `FormatError` if no place was reserved yet, or it is not below 1 MiB.
 */
export function findTrampoline(memory: VirtualMemory, kallsyms: Kallsyms): PhysAddr {
  const header = memory.u64(kallsyms.requireAddress('real_mode_header'));
  if (header === 0n) {
    throw new FormatError('The kernel had not reserved memory for its trampoline yet');
  }
  const paddr = memory.translate(header);
  if (paddr < SZ_1M && paddr % PAGE_SIZE === 0) return paddr;
  throw new FormatError(
    'Cannot find the trampoline: expected a page below 1 MiB at real_mode_header, ' +
      `found ${hex(paddr)}`,
  );
}

/**
 * Pages below 1 MiB that the kernel can write to and execute, where it has mapped all memory. The trampoline's code is
 * the only code there, and read-only (`set_real_mode_permissions()`). Throws like `findTrampoline`, `MissingPageError`
 * if the page tables are not in the dump.
 */
export function findWritableCode(memory: VirtualMemory, kallsyms: Kallsyms): Pfn[] {
  const header = memory.u64(kallsyms.requireAddress('real_mode_header'));
  const directMap = header - BigInt(findTrampoline(memory, kallsyms));
  return ALL_LOW_PAGES.filter((page) => {
    const access = memory.access(directMap + BigInt(page * PAGE_SIZE));
    return access?.isWritable && access.isExecutable;
  });
}

/** Reads the trampoline. Throws `FormatError`. */
export function readTrampoline(
  physical: PhysicalMemory,
  memory: VirtualMemory,
  kallsyms: Kallsyms,
): Trampoline {
  const paddr = findTrampoline(memory, kallsyms);
  const [blob, end] = ['real_mode_blob', 'real_mode_blob_end'].map((name) =>
    kallsyms.address(name),
  );
  const bytes = blob === undefined || end === undefined ? null : Number(end - blob);
  return {
    paddr,
    bytes: bytes !== null && bytes > 0 && bytes <= BLOB_LIMIT ? bytes : null,
    copied: isTrampoline(physical, paddr),
  };
}

function isTrampoline(physical: PhysicalMemory, paddr: PhysAddr): boolean {
  const header = readTrampolineHeader(physical.read(paddr, HEADER_BYTES), physAddr(0));
  return header !== null && isTrampolineOf(physRange(paddr, paddr + BLOB_LIMIT), header);
}
