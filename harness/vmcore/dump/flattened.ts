// SPDX-License-Identifier: MIT
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import { printableText } from '../../memory/printable-text.ts';
import type { ByteSource } from './byte-source.ts';
import { extentAt, extentMap } from './extent-map.ts';

/** What a complete flattened dump holds. */
export interface FlattenedVmcore {
  readonly records: number;
  /** Bytes of the dump that `makedumpfile -R` would write. */
  readonly size: number;
}

/** `struct makedumpfile_header` (makedumpfile.h): signature, type, version, padded with zeroes. */
const SIGNATURE = 'makedumpfile\0\0\0\0';
const TYPE_FLAT_HEADER = 1n;
const VERSION_FLAT_HEADER = 1n;
const HEADER_BYTES = 4096;

/**
 * `struct makedumpfile_data_header`: offset and size of the data that follows, i64 and big-endian.
 */
const RECORD_HEADER_BYTES = 16;
const END_FLAG_FLAT_HEADER = -1n;

/** The first bytes of a kdump-compressed dump (`struct disk_dump_header`) or an ELF one. */
const DUMP_SIGNATURES = ['KDUMP   ', '\u{7f}ELF'];

/** Bytes read ahead: one read serves many tiny records, but does not fetch all of a large one. */
const WINDOW_BYTES = 4096;

/** A record: where its data lies in the file, and where it belongs in the dump. */
interface FlatRecord {
  /** Offset of the record in the file. */
  readonly at: number;
  /** Offset of its data in the file. */
  readonly data: number;
  readonly bytes: number;
  /** Offset of the data in the dump. */
  readonly offset: number;
}

/** Records of a dump: makedumpfile writes some 30 KiB in each, so this is a dump of 30 GiB. */
const MAX_RECORDS = 2 ** 20;

/** By how much a dump may exceed its file, as pages of zeroes are gaps: 64 GiB. */
const MAX_GAPS_BYTES = 2 ** 36;

/**
 * Checks that a dump in makedumpfile's flattened format (`makedumpfile -F`) is complete: a header,
 * records that lie within the file, and the record that ends it. Ignores bytes after that. Throws
 * `FormatError`.
 */
export function checkFlattened(source: ByteSource): FlattenedVmcore {
  const read = windowReader(source);
  let [records, size, signed] = [0, 0, false];
  for (const { offset, bytes, data } of flatRecords(source, read)) {
    if (offset === 0) {
      const head = ascii(read(data, Math.min(bytes, 8)));
      signed ||= DUMP_SIGNATURES.some((signature) => head.startsWith(signature));
    }
    size = Math.max(size, offset + bytes);
    records += 1;
  }
  if (!signed) {
    throw new FormatError(
      `${CANNOT}: expected a record at offset 0 that begins a kdump-compressed or ELF dump, ` +
        'found none',
    );
  }
  return { records, size };
}

/**
 * The dump that `makedumpfile -R` would write, read in place: where records overlap the last one
 * counts, and gaps are zero. Reads the headers of all records at once. Throws `FormatError`.
 */
export function flattenedSource(source: ByteSource): ByteSource {
  const [starts, ends, origins]: [number[], number[], number[]] = [[], [], []];
  for (const { offset, bytes, data } of limitedRecords(source)) {
    starts.push(offset);
    ends.push(offset + bytes);
    origins.push(data - offset);
  }
  // In an extent map the first counts.
  const lastFirst = (numbers: number[]): Float64Array => new Float64Array(numbers).toReversed();
  const map = extentMap({ starts: lastFirst(starts), ends: lastFirst(ends) });
  // For each record, the offset in the file that byte 0 of the dump would have.
  const originOf = lastFirst(origins);
  return {
    size: map.ends.at(-1) ?? 0,
    read: (start, length) => {
      const bytes = new Uint8Array(length);
      const end = start + length;
      for (let index = extentAt(map, start); (map.starts[index] ?? end) < end; index += 1) {
        const from = Math.max(start, map.starts[index] ?? end);
        const to = Math.min(end, map.ends[index] ?? end);
        const origin = originOf[map.owners[index] ?? 0] ?? 0;
        bytes.set(source.read(origin + from, to - from), from - start);
      }
      return bytes;
    },
  };
}

/** Whether the bytes begin a flattened dump. */
export function isFlattened(head: Uint8Array): boolean {
  return ascii(head.subarray(0, SIGNATURE.length)) === SIGNATURE;
}

const CANNOT = 'Cannot read the flattened vmcore';

function* limitedRecords(source: ByteSource): Generator<FlatRecord> {
  let count = 0;
  for (const record of flatRecords(source, windowReader(source))) {
    count += 1;
    if (count > MAX_RECORDS)
      throw new FormatError(`${CANNOT}: expected at most ${MAX_RECORDS} records, found more`);
    const { at, offset, bytes } = record;
    if (offset + bytes > source.size + MAX_GAPS_BYTES) {
      throw new FormatError(
        `${CANNOT}: record at ${hex(at)} belongs at ${hex(offset)}, far beyond a dump of this size`,
      );
    }
    yield record;
  }
}

/** Checks the header, then gives all records but the one that ends the dump. */
function* flatRecords(source: ByteSource, read: Read): Generator<FlatRecord> {
  checkHeader(read);
  for (let at = HEADER_BYTES; ;) {
    const record = readRecordHeader(read, at);
    if (record === 'end') return;
    const data = at + RECORD_HEADER_BYTES;
    requireBytes(source, data, record.bytes);
    yield { at, data, ...record };
    at = data + record.bytes;
  }
}

type Read = (at: number, length: number) => Uint8Array;

function windowReader(source: ByteSource): Read {
  let start = 0;
  let window: Uint8Array = new Uint8Array();
  return (at, length) => {
    requireBytes(source, at, length);
    if (at < start || at + length > start + window.length) {
      window = source.read(at, Math.min(WINDOW_BYTES, source.size - at));
      start = at;
    }
    const bytes = window.subarray(at - start, at - start + length);
    if (bytes.length < length) throw cutShort(at, length, bytes.length);
    return bytes;
  };
}

function requireBytes(source: ByteSource, at: number, length: number): void {
  const left = Math.max(source.size - at, 0);
  if (length > left) throw cutShort(at, length, left);
}

function cutShort(at: number, expected: number, left: number): FormatError {
  return new FormatError(
    `${CANNOT}: expected ${expected} bytes at offset ${hex(at)}, found ${left}`,
  );
}

function checkHeader(read: Read): void {
  const header = read(0, HEADER_BYTES);
  const signature = ascii(header.subarray(0, SIGNATURE.length));
  if (signature !== SIGNATURE) {
    throw new FormatError(
      `${CANNOT}: expected signature "makedumpfile", found "${printableText(signature)}"`,
    );
  }
  const [type, version] = [viewOf(header).getBigInt64(16), viewOf(header).getBigInt64(24)];
  if (type !== TYPE_FLAT_HEADER || version !== VERSION_FLAT_HEADER) {
    throw new UnsupportedFormatError(
      `${CANNOT}: expected type 1, version 1, found ${type}, ${version}`,
    );
  }
}

function readRecordHeader(
  read: Read,
  at: number,
): 'end' | { readonly offset: number; readonly bytes: number } {
  const view = viewOf(read(at, RECORD_HEADER_BYTES));
  const [offset, bytes] = [view.getBigInt64(0), view.getBigInt64(8)];
  if (offset === END_FLAG_FLAT_HEADER && bytes === END_FLAG_FLAT_HEADER) return 'end';
  if (offset < 0n || bytes <= 0n || offset + bytes > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new FormatError(`${CANNOT}: record at ${hex(at)} has offset ${offset}, size ${bytes}`);
  }
  return { offset: Number(offset), bytes: Number(bytes) };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function ascii(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
