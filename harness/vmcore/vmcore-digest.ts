// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { pageCrcs } from '../memory/page-crcs.ts';
import type { PageClass } from '../memory/kpageflags.ts';
import { rangesOfPages } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, physAddr } from '../memory/pfn.ts';
import { type Seen, seeing, seeingFrom, seenFrom } from '../seen.ts';
import type { ByteSource } from './dump/byte-source.ts';
import { keptKindsLeftOut } from './filtered-pages.ts';
import { checkFlattened, isFlattened } from './dump/flattened.ts';
import { openKernel } from './kernel/kernel.ts';
import { type Vmcore, openVmcore } from './dump/open-vmcore.ts';
import { countUnreserved, pageReader, readLowPages } from './kernel/page-structs.ts';
import { readCrashkernel } from './kernel/kernel-state.ts';
import { type PhysicalMemory, pagesThere } from './dump/physical-memory.ts';
import { findWritableCode } from './kernel/trampoline.ts';

/** What it takes of a dump to compare it with memory; a thread can send it. */
export interface VmcoreDigest {
  /** Its size in words, if it is complete. */
  readonly whole: Seen<string>;
  readonly pages: Seen<VmcorePages>;
  /** The class of each of the 256 pages below 1 MiB, by its `struct page`. */
  readonly lowPages: Seen<readonly PageClass[]>;
  /** How many pages of the crashkernel memory are not reserved, by their `struct page`. */
  readonly crashkernelFreed: Seen<number>;
  /** See `findWritableCode()`. */
  readonly writableCode: Seen<readonly Pfn[]>;
  /** See `keptKindsLeftOut()`. */
  readonly keptKindsLeftOut: Seen<Uint32Array>;
}

/** The pages of a dump, ascending. */
interface VmcorePages {
  readonly pfns: Uint32Array;
  /** The CRC-32 of each, by `pageCrcs()`. */
  readonly crcs: Uint32Array;
}

/** Bytes read at once; page by page takes twice as long. */
const CHUNK_BYTES = 64 * PAGE_SIZE;

/** Reads a whole dump at memory speed; run it in a thread. */
export function digestVmcore(source: ByteSource): VmcoreDigest {
  const opened = seeing(() => openVmcore(source));
  const inside = seeingFrom(opened, (dump) => ({
    dump,
    kernel: openKernel(dump, { maySearch: isOfQemu(dump) }),
  }));
  return {
    whole: seeing(() => wholeness(source)),
    pages: seeingFrom(opened, ({ memory }) => digestPages(memory)),
    lowPages: seeingFrom(inside, ({ kernel }) => readLowPages(kernel).map((page) => page.class)),
    crashkernelFreed: seenFrom(inside, ({ kernel }) =>
      seeingFrom(kernel.kallsyms, (symbols) => {
        const areas = readCrashkernel(kernel, symbols);
        return areas.length === 0 ? 0 : countUnreserved(pageReader(kernel), areas);
      }),
    ),
    writableCode: seenFrom(inside, ({ kernel: { kallsyms, memory } }) =>
      seeingFrom(kallsyms, (symbols) => findWritableCode(memory, symbols)),
    ),
    keptKindsLeftOut: seeingFrom(inside, ({ kernel, dump }) =>
      keptKindsLeftOut(kernel, dump.memory),
    ),
  };
}

/**
 * Only a kernel with CONFIG_FW_CFG_SYSFS tells QEMU where its VMCOREINFO is. That `/proc/vmcore` lacks it must show,
 * whatever is in memory.
 */
function isOfQemu({ notes }: Vmcore): boolean {
  return notes.some(({ name }) => name === 'QEMU');
}

function wholeness(source: ByteSource): string {
  if (!isFlattened(source.read(0, Math.min(16, source.size)))) {
    const { size, lacks } = openVmcore(source);
    if (lacks === 0) return `${(size / 1e6).toFixed(1)} MB`;
    throw new FormatError(`The vmcore is cut off after ${size} bytes: expected ${lacks} more`);
  }
  const { size, records } = checkFlattened(source);
  return `${(size / 1e6).toFixed(1)} MB in ${records} records`;
}

function digestPages(memory: PhysicalMemory): VmcorePages {
  const [pfns, crcs]: [number[], number[]] = [[], []];
  for (const { start, end } of rangesOfPages(pagesThere(memory))) {
    for (let at: number = start; at < end; at += CHUNK_BYTES) {
      const bytes = memory.read(physAddr(at), Math.min(CHUNK_BYTES, end - at));
      for (const [index, crc] of pageCrcs(bytes).entries()) {
        pfns.push(at / PAGE_SIZE + index);
        crcs.push(crc);
      }
    }
  }
  return { pfns: Uint32Array.from(pfns), crcs: Uint32Array.from(crcs) };
}
