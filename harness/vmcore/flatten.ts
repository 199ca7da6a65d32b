// SPDX-License-Identifier: MIT
import { PAGE_SIZE } from '../memory/pfn.ts';
import type { ByteSource } from './byte-source.ts';

/** Read at once, bytes. */
const CHUNK = 1024 * 1024;

const ZEROES = new Uint8Array(PAGE_SIZE);

/**
 * A dump in makedumpfile's flattened format, piece by piece, without its pages of zeroes: what `flattenedSource()` reads.
 * The last page is there whatever it holds, as it says how large the dump is.
 */
export function* flattenedPieces(dump: ByteSource): Generator<Uint8Array> {
  yield header();
  for (let at = 0; at < dump.size; at += CHUNK) {
    const chunk = dump.read(at, Math.min(CHUNK, dump.size - at));
    const isLast = at + CHUNK >= dump.size;
    for (const [from, to] of filledRuns(chunk, isLast)) {
      yield record(BigInt(at + from), BigInt(to - from));
      yield chunk.subarray(from, to);
    }
  }
  yield record(-1n, -1n);
}

/** Where in a chunk pages lie that are not all zero. */
function* filledRuns(chunk: Uint8Array, isLast: boolean): Generator<[from: number, to: number]> {
  const isFilled = (at: number): boolean => {
    const page = chunk.subarray(at, at + PAGE_SIZE);
    if (isLast && at + PAGE_SIZE >= chunk.length) return true;
    return Buffer.compare(page, ZEROES) !== 0;
  };
  for (let from = 0; from < chunk.length; from += PAGE_SIZE) {
    if (!isFilled(from)) continue;
    let to = from + PAGE_SIZE;
    while (to < chunk.length && isFilled(to)) to += PAGE_SIZE;
    yield [from, Math.min(to, chunk.length)];
    from = to;
  }
}

/** `struct makedumpfile_header` (makedumpfile.h): signature, type 1, version 1, padded to a page. */
function header(): Uint8Array {
  const bytes = new Uint8Array(PAGE_SIZE);
  bytes.set(new TextEncoder().encode('makedumpfile'));
  const view = new DataView(bytes.buffer);
  view.setBigInt64(16, 1n);
  view.setBigInt64(24, 1n);
  return bytes;
}

/** `struct makedumpfile_data_header`: where the data that follows belongs, and its size; -1 is the end. */
function record(offset: bigint, size: bigint): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, offset);
  view.setBigInt64(8, size);
  return bytes;
}
