// SPDX-License-Identifier: MIT
import { FormatError, MissingPageError } from '../../errors.ts';
import { PAGE_SIZE, type PhysAddr, hex, physAddr } from '../../memory/pfn.ts';
import { cString } from '../dump/byte-reader.ts';
import {
  type Access,
  type Mapping,
  type PageTables,
  findMapping,
  walkPageTables,
} from './page-tables.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';

/** Bytes that one read may ask for; the largest tables of a kernel have some 10 MiB. */
const READ_LIMIT = 64 * 1024 * 1024;

/** Translations that are cached, each of a page of any size. */
const CACHED_TRANSLATIONS = 8192;

/** What is cached of a mapping. */
type Translation = Omit<Mapping, keyof Access>;

/** The memory of a kernel by virtual address. Throws `MissingPageError` for what is not there. */
export class VirtualMemory {
  readonly #memory: PhysicalMemory;
  readonly #tables: PageTables;
  /** The mapping of each 4 KiB page that was asked for. */
  readonly #translations = new Map<bigint, Translation>();

  constructor(memory: PhysicalMemory, tables: PageTables) {
    this.#memory = memory;
    this.#tables = tables;
  }

  /** The physical address. */
  translate(vaddr: bigint): PhysAddr {
    return this.#mapping(vaddr).paddr;
  }

  /** What the kernel may do there; undefined if nothing is mapped. */
  access(vaddr: bigint): Access | undefined {
    const found = findMapping(this.#memory, this.#tables, vaddr);
    return 'paddr' in found ? found : undefined;
  }

  /** Gives exactly `length` bytes, across any number of pages. */
  read(vaddr: bigint, length: number): Uint8Array {
    if (!Number.isInteger(length) || length < 0 || length > READ_LIMIT) {
      throw new FormatError(
        `Cannot read memory at ${hex(vaddr)}: expected at most ${READ_LIMIT} bytes, ` +
          `asked for ${length}`,
      );
    }
    const first = this.#mapping(vaddr);
    if (length <= first.bytes) return this.#memory.read(first.paddr, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const mapping = this.#mapping(vaddr + BigInt(done));
      const part = Math.min(mapping.bytes, length - done);
      bytes.set(this.#memory.read(mapping.paddr, part), done);
      done += part;
    }
    return bytes;
  }

  /** Fills an area with the pages that are there, from the start of one on; gives how many they are. */
  readPresent(start: bigint, area: Uint8Array): number {
    let pages = 0;
    for (let at = 0; at < area.length;) {
      const found = this.#findPages(start + BigInt(at));
      const part = area.subarray(at, at + found.bytes);
      if ('paddr' in found) pages += fillPresent(this.#memory, found.paddr, part);
      at += found.bytes;
    }
    return pages;
  }

  u8(vaddr: bigint): number {
    return this.#view(vaddr, 1).getUint8(0);
  }

  u16(vaddr: bigint): number {
    return this.#view(vaddr, 2).getUint16(0, true);
  }

  u32(vaddr: bigint): number {
    return this.#view(vaddr, 4).getUint32(0, true);
  }

  i32(vaddr: bigint): number {
    return this.#view(vaddr, 4).getInt32(0, true);
  }

  /** A u64 or a pointer. */
  u64(vaddr: bigint): bigint {
    return this.#view(vaddr, 8).getBigUint64(0, true);
  }

  /** Latin-1 text up to its NUL, at most `limit` bytes of it. */
  text(vaddr: bigint, limit: number): string {
    const left = PAGE_SIZE - Number(BigInt.asUintN(12, vaddr));
    const head = cString(this.read(vaddr, Math.min(limit, left)));
    // The next page may be missing if the text ends on this one.
    if (head.length < left || limit <= left) return head;
    return head + cString(this.read(vaddr + BigInt(left), limit - left));
  }

  #view(vaddr: bigint, length: number): DataView {
    const bytes = this.read(vaddr, length);
    return new DataView(bytes.buffer, bytes.byteOffset, length);
  }

  /** Pages that are mapped, or how many are not; just one where the dump has no table to tell. */
  #findPages(vaddr: bigint): ReturnType<typeof findMapping> | { readonly bytes: number } {
    return orMissing(() => findMapping(this.#memory, this.#tables, vaddr)) ?? { bytes: PAGE_SIZE };
  }

  #mapping(vaddr: bigint): Translation {
    const page = vaddr >> 12n;
    const offset = Number(BigInt.asUintN(12, vaddr));
    let mapping = this.#translations.get(page);
    if (!mapping) {
      const { paddr, bytes } = walkPageTables(this.#memory, this.#tables, vaddr);
      mapping = { paddr: physAddr(paddr - offset), bytes: bytes + offset };
      if (this.#translations.size >= CACHED_TRANSLATIONS) this.#translations.clear();
      this.#translations.set(page, mapping);
    }
    return { paddr: physAddr(mapping.paddr + offset), bytes: mapping.bytes - offset };
  }
}

/** A page of the mapping may be missing in the dump: then the others are read one by one. */
function fillPresent(memory: PhysicalMemory, from: PhysAddr, area: Uint8Array): number {
  const whole = orMissing(() => memory.read(from, area.length));
  if (whole) {
    area.set(whole);
    return area.length / PAGE_SIZE;
  }
  let pages = 0;
  for (let at = 0; at < area.length && area.length > PAGE_SIZE; at += PAGE_SIZE) {
    pages += fillPresent(memory, physAddr(from + at), area.subarray(at, at + PAGE_SIZE));
  }
  return pages;
}

function orMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MissingPageError) return undefined;
    throw error;
  }
}
