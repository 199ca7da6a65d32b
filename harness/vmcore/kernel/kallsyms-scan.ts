// SPDX-License-Identifier: MIT
/**
 * Searches for kallsyms in a kernel whose VMCOREINFO does not have it, or that died before it had
 * written one. Before 6.4 `scripts/kallsyms.c` wrote `kallsyms_offsets`, `kallsyms_relative_base`,
 * `kallsyms_num_syms`, `kallsyms_names`, `kallsyms_markers`, `kallsyms_token_table` and
 * `kallsyms_token_index` in this order, each aligned to 8 bytes; since Linux kernel commit
 * 404bad70fcf7 ("scripts/kallsyms: change the output order") (in v6.4) the first two follow the
 * last. In between, 6.2, 6.3 and later 6.1.y have `kallsyms_seqs_of_names` behind the markers. 7.3
 * aligns to 4 bytes.
 */
import { FormatError } from '../../errors.ts';
import { PAGE_SIZE, hex } from '../../memory/pfn.ts';
import { seeing } from '../../seen.ts';
import type { AddressTable } from './kallsyms-addresses.ts';
import { type KallsymsTables, SYMBOL_LIMIT } from './kallsyms-tables.ts';
import { TOKENS, nameAt } from './kallsyms-names.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** Bytes after `_stext` to search; text and read-only data of a large kernel take 40 MiB. */
const SCAN_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 2 * 1024 * 1024;

/** Chunks without a page that end the kernel image: gaps between its sections are smaller. */
const EMPTY_CHUNKS = 2;

/** Bytes of the token table and its index, at most. */
const TOKENS_BYTES = 0x10000;

/** The digits in the token table: each stands for itself, as no compressed token may take it. */
const DIGITS = Buffer.from(
  Array.from({ length: 10 }, (_, digit) => `${digit}\0`).join(''),
  'latin1',
);
const FIRST_DIGIT = 0x30;

/** Places to look at more closely; a kernel has one that looks right. */
const CANDIDATES = 64;

/** Bytes of an entry of `kallsyms_seqs_of_names`. */
const SEQ_BYTES = 3;
/** Markers to look at in the search for where they end; a large kernel takes a tenth. */
const MARKER_STEPS = 1_000_000;

/** There is a marker for every 256th name. */
const NAMES_PER_MARKER = 256;

/** Finds the tables by the digits in the token table, and the others from there. */
export function scanForKallsyms(memory: VirtualMemory, stext: bigint): KallsymsTables {
  // The tables are aligned in the image as they are in memory.
  const start = stext - (stext % BigInt(PAGE_SIZE));
  let image = Buffer.alloc(0);
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let [candidates, empty] = [CANDIDATES, 0];
  for (let at = 0; at < SCAN_BYTES && empty < EMPTY_CHUNKS; at += CHUNK_BYTES) {
    empty = memory.readPresent(start + BigInt(at), chunk) === 0 ? empty + 1 : 0;
    if (empty > 0) continue;
    if (at >= image.length) image = Buffer.concat([image], Math.max(2 * at, CHUNK_BYTES));
    image.set(chunk, at);
    chunk.fill(0);
    // A table that straddles two chunks is found with the second.
    const known = image.subarray(0, at + CHUNK_BYTES);
    let digits = known.indexOf(DIGITS, Math.max(at - TOKENS_BYTES, 0));
    for (; digits !== -1 && candidates > 0; candidates -= 1) {
      const tables = tablesAround(known, digits, start);
      if (tables) return { ...tables, addresses: [...tables.addresses, ...behind(memory, tables)] };
      digits = known.indexOf(DIGITS, digits + 1);
    }
  }
  throw new FormatError(
    `Cannot find kallsyms: expected its token table in ${hex(SCAN_BYTES)} bytes after _stext, ` +
      'found none',
  );
}

function tablesAround(area: Buffer, digits: number, base: bigint): KallsymsTables | undefined {
  const tokens = findTokens(area, digits);
  const names = tokens && findNamesBefore(area, tokens.table);
  if (!tokens || !names) return undefined;
  const vaddr = (offset: number): bigint => base + BigInt(offset);
  return {
    count: names.count,
    names: vaddr(names.start),
    tokenTable: vaddr(tokens.table),
    tokenIndex: vaddr(tokens.index),
    addresses: [
      {
        kind: 'offsets',
        at: vaddr(names.start - 16 - align8(names.count * 4)),
        base: area.readBigUInt64LE(names.start - 16),
      },
      { kind: 'addresses', at: vaddr(names.start - 8 - names.count * 8) },
    ],
  };
}

/** The offsets behind the token index, with `kallsyms_relative_base` behind them, and without. */
function behind(memory: VirtualMemory, { tokenIndex, count }: KallsymsTables): AddressTable[] {
  const at = tokenIndex + BigInt(TOKENS * 2);
  const base = seeing(() => memory.u64(at + BigInt(align8(count * 4)))).value ?? undefined;
  return [
    { kind: 'offsets', at, base },
    { kind: 'offsets', at, base: undefined },
  ];
}

/** Goes back from the digits to the first token, then on to the index, which proves it all. */
function findTokens(area: Buffer, digits: number): { table: number; index: number } | undefined {
  const lowest = Math.max(digits - TOKENS_BYTES, 0);
  const before = area.subarray(lowest, digits);
  let first = before.length;
  for (let token = FIRST_DIGIT; token > 0 && first > 1; token -= 1) {
    first = before.lastIndexOf(0, first - 2) + 1;
  }
  const table = lowest + first;
  // There are other tables before this one.
  if (first <= 1 || table < 16) return undefined;
  const offsets: number[] = [];
  let end = table;
  for (let token = 0; token < TOKENS && end < table + TOKENS_BYTES; token += 1) {
    offsets.push(end - table);
    end += area.subarray(end, table + TOKENS_BYTES).indexOf(0) + 1;
  }
  const isIndex = (index: number): boolean =>
    offsets.length === TOKENS &&
    index + TOKENS * 2 <= area.length &&
    offsets.every((offset, token) => area.readUInt16LE(index + token * 2) === offset);
  const index = [align8(end), align4(end)].find(isIndex);
  return index === undefined ? undefined : { table, index };
}

/**
 * Bytes of a marker: 8 before Linux kernel commit 80ffbaa5b1bd ("kallsyms: reduce size a little on
 * 64-bit") (in v4.20).
 */
const MARKER_BYTES = [4, 8] as const;

/** The offsets of every 256th name, ascending from 0. */
interface Markers {
  readonly start: number;
  readonly offsets: readonly number[];
}

/** The names, in bytes from the start of the area. */
interface Names {
  readonly start: number;
  readonly count: number;
}

/** Finds the names before the token table. */
function findNamesBefore(area: Buffer, table: number): Names | undefined {
  for (const { end, markers } of markersBefore(area, table)) {
    const names = findNames(area, markers);
    if (names && (end === table || isOfNumbers(table - end, names.count))) return names;
  }
  return undefined;
}

/** The markers that end at the token table, then those that end at the numbers of names before it. */
function* markersBefore(area: Buffer, table: number): Generator<{ end: number; markers: Markers }> {
  const budget = { steps: MARKER_STEPS };
  for (const bytes of MARKER_BYTES) {
    const markers = findMarkers(area, { end: table, bytes }, budget);
    if (markers) yield { end: table, markers };
  }
  for (let end = table - 4; end >= 16 && budget.steps > 0; end -= 4) {
    const markers = findMarkers(area, { end, bytes: 4 }, budget);
    if (markers && mayFollow(markers, table - end)) yield { end, markers };
  }
}

/** Whether as many bytes can be the numbers of as many names as have these markers. */
function mayFollow({ offsets }: Markers, bytes: number): boolean {
  const most = offsets.length * NAMES_PER_MARKER * SEQ_BYTES;
  return bytes <= align8(most) && bytes > most - NAMES_PER_MARKER * SEQ_BYTES;
}

/** Whether as many bytes are the numbers of that many names, and padding. */
function isOfNumbers(bytes: number, count: number): boolean {
  return bytes >= count * SEQ_BYTES && bytes <= align8(count * SEQ_BYTES);
}

function findMarkers(
  area: Buffer,
  { end, bytes }: { readonly end: number; readonly bytes: number },
  budget: { steps: number },
): Markers | undefined {
  const offsets: number[] = [];
  // 4 bytes of padding follow an odd number of markers; of 8 bytes the upper half is 0.
  let at = area.readUInt32LE(end - 4) === 0 ? end - 8 : end - 4;
  for (; at >= 0 && budget.steps > 0; at -= bytes) {
    budget.steps -= 1;
    const offset = area.readUInt32LE(at);
    if (offset >= (offsets.at(-1) ?? end)) return undefined;
    offsets.push(offset);
    if (offset === 0) return { start: at, offsets: offsets.toReversed() };
  }
  return undefined;
}

/** Finds the start of the names: right after their number, and such that each marker is right. */
function findNames(area: Buffer, markers: Markers): Names | undefined {
  const last = markers.start - (markers.offsets.at(-1) ?? 0);
  const first = last - NAMES_PER_MARKER * 256 - 8;
  let candidates = CANDIDATES;
  for (let start = align8(last); start >= Math.max(first, 16); start -= 4) {
    const count = countBefore(area, start, markers);
    if (count === undefined) continue;
    if (areNames(area, start, markers)) return { start, count };
    candidates -= 1;
    if (candidates === 0) return undefined;
  }
  return undefined;
}

/** The number of names, aligned to 8 or 4 bytes, if it fits their markers. */
function countBefore(area: Buffer, start: number, { offsets }: Markers): number | undefined {
  const word = area.readUInt32LE(start - 4);
  const count = word === 0 ? area.readUInt32LE(start - 8) : word;
  const fits = Math.ceil(count / NAMES_PER_MARKER) === offsets.length && count <= SYMBOL_LIMIT;
  return fits ? count : undefined;
}

function areNames(area: Buffer, start: number, { offsets }: Markers): boolean {
  let at = start;
  for (const [index, offset] of offsets.entries()) {
    if (at !== start + offset) return false;
    // The names after the last marker are fewer than 256, and prove nothing more.
    if (index === offsets.length - 1) return true;
    for (let name = 0; name < NAMES_PER_MARKER; name += 1) {
      const { start: tokens, length } = nameAt(area, at);
      at = tokens + length;
    }
  }
  return false;
}

function align8(value: number): number {
  return Math.ceil(value / 8) * 8;
}

function align4(value: number): number {
  return Math.ceil(value / 4) * 4;
}
