// SPDX-License-Identifier: MIT
import { SZ_1M } from './pfn.ts';
import { type PhysRange, findRange } from './phys-range.ts';
import { linesOf } from './text-lines.ts';

/** A call that changes `memblock.reserved`, as `memblock=debug` prints it. */
export interface MemblockLine {
  readonly call: 'reserve' | 'free';
  readonly range: PhysRange;
}

/** `memblock_reserve` and `memblock_free`; from 7.2 `__memblock_reserve`, from 5.16 `memblock_phys_free`. */
const LINE = /\b(?:__)?memblock_(reserve|(?:phys_)?free): \[0x([0-9a-f]+)-0x([0-9a-f]+)\]/g;

/** Several times what a kernel does below 1 MiB; the rest is not looked at. */
const CALLS_LIMIT = 16_384;

/** The `memblock=debug` lines of a kernel log for ranges that begin below 1 MiB, in order. */
export function parseMemblockLog(text: string): MemblockLine[] {
  const calls: MemblockLine[] = [];
  for (const [, name, first = '', last = ''] of text.matchAll(LINE)) {
    const range = findRange(first, last);
    if (!range || range.start >= SZ_1M) continue;
    calls.push({ call: name === 'reserve' ? 'reserve' : 'free', range });
    if (calls.length === CALLS_LIMIT) break;
  }
  return calls;
}

/** A region as `memblock_dump()` prints it. */
export interface DumpedRegion {
  readonly range: PhysRange;
  /** `enum memblock_flags`. */
  readonly flags: number;
}

const DUMP = 'MEMBLOCK configuration:';
/** The number of regions, and a region with its number, of `memblock.reserved`. */
const COUNT_LINE = / reserved\.cnt +=? ?0x([0-9a-f]{1,8})$/;
const REGION_LINE =
  / reserved\[0x([0-9a-f]{1,8})\]\s\[0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\], 0x[0-9a-f]{1,16} bytes.{0,32} flags: (?:0x)?([0-9a-f]{1,8})$/;

/** memblock's array is doubled from 128; more is no machine's. */
const REGIONS_LIMIT = 8192;

/**
 * `memblock.reserved` at the end of `e820__memblock_setup()`, of a kernel log with `memblock=debug`: what
 * `memblock_dump_all()` prints there. Null if the log does not have all of it.
 */
export function parseMemblockDump(text: string): DumpedRegion[] | null {
  const start = text.indexOf(DUMP);
  if (start === -1) return null;
  const regions: DumpedRegion[] = [];
  let count: number | null = null;
  for (const line of linesOf(text.slice(start), DUMP_LIMITS)) {
    const told = COUNT_LINE.exec(line.trimEnd())?.[1];
    if (told !== undefined) count = Number.parseInt(told, 16);
    if (count !== null && regions.length >= count) break;
    const region = count === null ? undefined : regionOf(line.trimEnd(), regions.length);
    if (region) regions.push(region);
  }
  return count !== null && regions.length === count ? regions : null;
}

const DUMP_LIMITS = { lines: 2 * REGIONS_LIMIT, length: 256 };

function regionOf(line: string, expected: number): DumpedRegion | undefined {
  const [, index = '', first = '', last = '', flags = ''] = REGION_LINE.exec(line) ?? [];
  const range = Number.parseInt(index, 16) === expected ? findRange(first, last) : undefined;
  return range && { range, flags: Number.parseInt(flags, 16) };
}
