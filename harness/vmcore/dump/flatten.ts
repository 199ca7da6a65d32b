// SPDX-License-Identifier: MIT
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { runsOf } from '../../memory/runs.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes read at once. */
const CHUNK = 1024 * 1024;

const ZEROES = new Uint8Array(PAGE_SIZE);

/**
 * Gives a dump in makedumpfile's flattened format, piece by piece, as `flattenedSource()` reads it.
 * Pages of zeroes are left out, except the last: its record says how large the dump is.
 */
export function* flattenedPieces(dump: ByteSource): Generator<Uint8Array> {
  yield header();
  for (let at = 0; at < dump.size; at += CHUNK) {
    const chunk = dump.read(at, Math.min(CHUNK, dump.size - at));
    const pages = Math.ceil(chunk.length / PAGE_SIZE);
    const last = at + CHUNK < dump.size ? -1 : pages - 1;
    for (const [from, to] of runsOf(pages, (page) => page === last || isFilled(chunk, page))) {
      const bytes = chunk.subarray(from * PAGE_SIZE, to * PAGE_SIZE);
      yield record(BigInt(at + from * PAGE_SIZE), BigInt(bytes.length));
      yield bytes;
    }
  }
  yield record(-1n, -1n);
}

/** Whether a page of a chunk, which may be cut short, has a byte that is not zero. */
function isFilled(chunk: Uint8Array, page: number): boolean {
  return Buffer.compare(chunk.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), ZEROES) !== 0;
}

/** `struct makedumpfile_header` (makedumpfile.h): signature, type 1, version 1; fills a page. */
function header(): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  bytes.set(new TextEncoder().encode('makedumpfile'));
  const view = new DataView(bytes.buffer);
  view.setBigInt64(16, 1n);
  view.setBigInt64(24, 1n);
  return bytes;
}

/** `struct makedumpfile_data_header`: offset and size of the data after it; -1 ends the dump. */
function record(offset: bigint, size: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, offset);
  view.setBigInt64(8, size);
  return bytes;
}
