// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE, type PhysAddr, pfn, physAddr } from '../../memory/pfn.ts';
import type { PhysicalMemory } from '../dump/physical-memory.ts';

/** A text that could be a VMCOREINFO, and all places where it lies. */
export interface VmcoreinfoText {
  /** Whole lines; without `CRASHTIME`, which `crash_save_vmcoreinfo()` adds to one of the copies. */
  readonly text: string;
  readonly places: readonly PhysAddr[];
}

/** What was found, and where was looked. */
export interface FoundTexts {
  readonly texts: readonly VmcoreinfoText[];
  /** Bytes of memory that were read. */
  readonly searchedBytes: number;
  /** Whether there was more memory, or more texts, than the limits allow. */
  readonly cutOff: boolean;
}

/** `crash_save_vmcoreinfo_init()` writes this first, in every kernel. */
const FIRST_KEY = Buffer.from('OSRELEASE=', 'latin1');

/** `VMCOREINFO_BYTES`: the kernel has one page for it. */
const TEXT_BYTES = PAGE_SIZE;

const CHUNK_BYTES = 1024 * 1024;

/** Memory that is searched: as much as a dump may have for other readers (`wholePages()`). */
const SEARCH_BYTES = 2 ** 36;

/** Places with the first key that are looked at; a machine has some dozen. */
const LOOKS_LIMIT = 65_536;

/** Different texts that are kept, and places of each; a machine has a handful. */
const TEXTS_LIMIT = 1024;
const PLACES_LIMIT = 64;

/** A line, such as `SYMBOL(swapper_pg_dir)=ffffffff82a10000`. */
const LINE = /^[A-Z][\w-]{0,40}(?:\([\w.-]{1,80}\))?=[ -~]{0,400}$/;

/** What every kernel writes: a text without it leads nowhere. */
const NEEDED = /^PAGESIZE=4096$/m;

/** Finds all texts in memory that are written as VMCOREINFO is. */
export function findVmcoreinfoTexts(
  memory: PhysicalMemory,
  limit: number = SEARCH_BYTES,
): FoundTexts {
  const places = new Map<string, PhysAddr[]>();
  let [searchedBytes, looks, cutOff] = [0, 0, false];
  for (const { start, bytes } of chunks(memory)) {
    cutOff ||= searchedBytes >= limit || looks >= LOOKS_LIMIT;
    if (cutOff) break;
    searchedBytes += Math.min(bytes.length, CHUNK_BYTES);
    for (const at of keysIn(bytes)) {
      looks += 1;
      const place = physAddr(start + at);
      const text = textAt(memory, { place, head: bytes.subarray(at, at + TEXT_BYTES) });
      if (text !== undefined) cutOff ||= !addPlace(places, text, place);
      if (looks >= LOOKS_LIMIT) break;
    }
  }
  const texts = [...places].map(([text, found]) => ({ text, places: found }));
  return { texts, searchedBytes, cutOff };
}

function* keysIn(bytes: Buffer): Generator<number> {
  for (let at = bytes.indexOf(FIRST_KEY); at !== -1; at = bytes.indexOf(FIRST_KEY, at + 1)) {
    yield at;
  }
}

/** Whether there was room for it, or it is known. */
function addPlace(places: Map<string, PhysAddr[]>, text: string, place: PhysAddr): boolean {
  const known = places.get(text);
  if (known) {
    if (known.length < PLACES_LIMIT) known.push(place);
    return true;
  }
  if (places.size === TEXTS_LIMIT) return false;
  places.set(text, [place]);
  return true;
}

interface Chunk {
  readonly start: number;
  /** With the first bytes of the next chunk, so that no key is cut in two. */
  readonly bytes: Buffer;
}

function* chunks(memory: PhysicalMemory): Generator<Chunk> {
  for (const { start, end } of memory.ranges) {
    for (let at: number = start; at < end; at += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES + FIRST_KEY.length - 1, end - at);
      yield { start: at, bytes: readWhole(memory, at, length) ?? readPages(memory, at, length) };
    }
  }
}

function readWhole(memory: PhysicalMemory, start: number, length: number): Buffer | undefined {
  try {
    const bytes = memory.read(physAddr(start), length);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    // A page is missing, or cannot be decompressed.
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Reads page by page; what cannot be read is zero. */
function readPages(memory: PhysicalMemory, start: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = start; at < start + length;) {
    const next = Math.min(start + length, at - (at % PAGE_SIZE) + PAGE_SIZE);
    const isThere = memory.has(pfn(Math.floor(at / PAGE_SIZE)));
    const page = isThere ? readWhole(memory, at, next - at) : undefined;
    if (page) bytes.set(page, at - start);
    at = next;
  }
  return bytes;
}

/** The lines from a place on, as far as they are such lines; undefined if they are not enough. */
function textAt(
  memory: PhysicalMemory,
  { place, head }: { readonly place: PhysAddr; readonly head: Buffer },
): string | undefined {
  // A text at the end of a chunk goes on in the next.
  const isCut = head.length < TEXT_BYTES && !head.includes(0);
  const whole = isCut ? readPages(memory, place, restOf(memory, place)) : head;
  const lines: string[] = [];
  // What follows the last line end is no line, or is cut off.
  for (const line of whole.toString('latin1').split('\n').slice(0, -1)) {
    const isNext = lines.length > 0 && line.startsWith(FIRST_KEY.toString());
    if (isNext || !LINE.test(line)) break;
    if (!line.startsWith('CRASHTIME=')) lines.push(line);
  }
  const text = `${lines.join('\n')}\n`;
  return NEEDED.test(text) ? text : undefined;
}

function restOf({ ranges }: PhysicalMemory, place: PhysAddr): number {
  const range = ranges.find(({ start, end }) => start <= place && place < end);
  return Math.min(TEXT_BYTES, (range?.end ?? place) - place);
}
