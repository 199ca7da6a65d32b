// SPDX-License-Identifier: MIT
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { bytesSource } from '../../vmcore/dump/byte-source.ts';
import { type ElfLoad, readElfCore } from '../../vmcore/dump/elf.ts';
import type { Seen } from '../../seen.ts';
import type { Evidence } from './evidence.ts';

/** What `/proc/vmcore` has of the crashed kernel's memory. */
export interface VmcoreSegments {
  /** Physical memory, in the order of the program headers. */
  readonly memory: readonly PhysRange[];
  /** The kernel's image, which is in the dump a second time under its link address. */
  readonly image: readonly PhysRange[];
  /** Where they are in the file, in bytes. */
  readonly places: readonly Pick<ElfLoad, 'offset' | 'fileBytes' | 'paddr'>[];
}

const PATH = 'capture/vmcore-header';

/** Reads `capture/vmcore-header`. The agent always leaves one: a bundle without it is older than the file. */
export function seenVmcoreSegments(evidence: Evidence): Seen<VmcoreSegments> | null {
  return evidence.has(PATH) ? evidence.read(PATH, readSegments) : null;
}

function readSegments(header: Uint8Array): VmcoreSegments {
  const { loads } = readElfCore(bytesSource(header));
  const ofImage = loads.filter(({ vaddr }) => vaddr >= START_KERNEL_MAP);
  const ofMemory = loads.filter(({ vaddr }) => vaddr < START_KERNEL_MAP);
  const places = loads.map(({ offset, fileBytes, paddr }) => ({ offset, fileBytes, paddr }));
  return { memory: ofMemory.map(rangeOf), image: ofImage.map(rangeOf), places };
}

function rangeOf({ paddr, memoryBytes }: ElfLoad): PhysRange {
  return physRange(paddr, paddr + memoryBytes);
}
