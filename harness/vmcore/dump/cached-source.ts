// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import type { ByteSource } from './byte-source.ts';
import { LruMap } from './lru-map.ts';

/** Bytes of a chunk, and chunks that are kept: 8 MiB. */
const CHUNK_BYTES = 32_768;
const CHUNKS = 256;

/**
 * Caches the chunks that were read last: a dump is read in hundreds of thousands of small reads.
 * Throws `FormatError` if the source gives less than it promised.
 */
export function cachedSource(source: ByteSource): ByteSource {
  const chunks = new LruMap<Uint8Array>(CHUNKS);
  const chunk = (index: number): Uint8Array =>
    chunks.get(index, () => {
      const offset = index * CHUNK_BYTES;
      return readWhole(source, offset, Math.min(CHUNK_BYTES, source.size - offset));
    });
  return {
    size: source.size,
    read: (offset, length) => {
      if (length === 0) return new Uint8Array();
      if (length > CHUNK_BYTES) return readWhole(source, offset, length);
      const index = Math.floor(offset / CHUNK_BYTES);
      const from = offset - index * CHUNK_BYTES;
      const bytes = chunk(index).subarray(from, from + length);
      if (bytes.length === length) return bytes;
      return Buffer.concat([bytes, chunk(index + 1).subarray(0, length - bytes.length)]);
    },
  };
}

function readWhole(source: ByteSource, offset: number, length: number): Uint8Array {
  const bytes = source.read(offset, length);
  if (bytes.length === length) return bytes;
  throw new FormatError(
    `Cannot read the dump: expected ${length} bytes at offset ${hex(offset)}, ` +
      `found ${bytes.length}`,
  );
}
