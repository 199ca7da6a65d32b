// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { pageCrcs } from '../memory/page-crcs.ts';
import type { PageClass } from '../memory/kpageflags.ts';
import { rangesOfPages } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, physAddr } from '../memory/pfn.ts';
import type { ByteSource } from './dump/byte-source.ts';
import { keptKindsLeftOut } from './filtered-pages.ts';
import { checkFlattened, isFlattened } from './dump/flattened.ts';
import { openKernel } from './kernel/kernel.ts';
import { openVmcore } from './dump/open-vmcore.ts';
import { readLowPages } from './kernel/page-structs.ts';
import { type PhysicalMemory, wholePages } from './dump/physical-memory.ts';

/** Something read of a dump, or why it cannot be. */
type Read<T> = { readonly value: T } | { readonly value: null; readonly why: string };

/** What is left of a dump when it is compared with memory: it can be sent from a thread. */
export interface VmcoreDigest {
  /** Whether it is whole, in words. */
  readonly whole: Read<string>;
  readonly pages: Read<VmcorePages>;
  /** The class of each of the 256 pages below 1 MiB, by its `struct page`. */
  readonly lowPages: Read<readonly PageClass[]>;
  /** See `keptKindsLeftOut()`. */
  readonly keptKindsLeftOut: Read<Uint32Array>;
}

/** The pages of a dump, ascending. */
interface VmcorePages {
  readonly pfns: Uint32Array;
  /** The CRC-32 of each (`pageCrcs()`). */
  readonly crcs: Uint32Array;
}

/** Read at once, bytes: page by page it takes twice as long. */
const CHUNK_BYTES = 64 * PAGE_SIZE;

/** Reads a whole dump, at memory speed: for a thread. */
export function digestVmcore(source: ByteSource): VmcoreDigest {
  const opened = read(() => openVmcore(source));
  const inside = readOn(opened, ({ memory, ...rest }) => ({
    memory,
    kernel: openKernel({ memory, ...rest }),
  }));
  return {
    whole: read(() => wholeness(source)),
    pages: readOn(opened, ({ memory }) => digestPages(memory)),
    lowPages: readOn(inside, ({ kernel }) => readLowPages(kernel).map((page) => page.class)),
    keptKindsLeftOut: readOn(inside, ({ kernel, memory }) => keptKindsLeftOut(kernel, memory)),
  };
}

function wholeness(source: ByteSource): string {
  if (!isFlattened(source.read(0, Math.min(16, source.size)))) {
    const { size, lacks } = openVmcore(source);
    if (lacks === 0) return `${(size / 1e6).toFixed(1)} MB`;
    throw new FormatError(`The vmcore is cut off after ${size} bytes, and ${lacks} more wanted`);
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

function* pagesThere(memory: PhysicalMemory): Generator<Pfn> {
  for (const page of wholePages(memory)) if (memory.has(page)) yield page;
}

/** What is read of something that was read; else why that was not. */
function readOn<T, U>(from: Read<T>, reader: (value: T) => U): Read<U> {
  return 'why' in from ? from : read(() => reader(from.value));
}

function read<T>(reader: () => T): Read<T> {
  try {
    return { value: reader() };
  } catch (error) {
    if (error instanceof FormatError) return { value: null, why: error.message };
    throw error;
  }
}
