// SPDX-License-Identifier: MIT
import type { Bundle } from '../../bundle/bundle.ts';
import { FormatError } from '../../errors.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { bytesSource } from '../../vmcore/dump/byte-source.ts';
import { type ElfLoad, readElfCore } from '../../vmcore/dump/elf.ts';
import type { Seen } from '../../seen.ts';

/** What `/proc/vmcore` has of the crashed kernel's memory. */
export interface VmcoreSegments {
  /** Physical memory, in the order of the program headers. */
  readonly memory: readonly PhysRange[];
  /** The kernel's image, which is in the dump once more, by the address that it was linked for. */
  readonly image: readonly PhysRange[];
}

const PATH = 'capture/vmcore-header';

/** Where kernel images are mapped: `__START_KERNEL_map` (Documentation/arch/x86/x86_64/mm.rst). */
const START_KERNEL_MAP = 0xffff_ffff_8000_0000n;

/** Reads `capture/vmcore-header`. The agent always leaves one: a bundle without it is older than that. */
export function seenVmcoreSegments(bundle: Bundle): Seen<VmcoreSegments> | null {
  const bytes = bundle.files.get(PATH);
  if (bytes === undefined) return null;
  try {
    const { loads } = readElfCore(bytesSource(bytes));
    const ofImage = loads.filter(({ vaddr }) => vaddr >= START_KERNEL_MAP);
    const ofMemory = loads.filter(({ vaddr }) => vaddr < START_KERNEL_MAP);
    return { value: { memory: ofMemory.map(rangeOf), image: ofImage.map(rangeOf) } };
  } catch (error) {
    if (error instanceof FormatError) return { value: null, why: `${PATH}: ${error.message}` };
    throw error;
  }
}

function rangeOf({ paddr, memoryBytes }: ElfLoad): PhysRange {
  return physRange(paddr, paddr + memoryBytes);
}
