// SPDX-License-Identifier: MIT
import { inflateSync } from 'node:zlib';
import { snappyUncompressor } from 'hysnappy';
import { ZSTDDecoder } from 'zstddec';
import { FormatError } from '../../errors.ts';
import { lzo1xDecompress } from './lzo1x.ts';

/** How a page of a dump may be compressed. */
export type Compression = 'zlib' | 'lzo' | 'snappy' | 'zstd';

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

const snappy = snappyUncompressor();
const zstd = new ZSTDDecoder();
// WebAssembly that is in the package; it is too large to be compiled in a call that waits for it.
await zstd.init();

const DECOMPRESS: Readonly<Record<Compression, Decompress>> = {
  zlib: (bytes, size) =>
    inflateSync(bytes, { maxOutputLength: size, chunkSize: Math.max(size, 64) }),
  lzo: lzo1xDecompress,
  snappy: unsnap,
  zstd: (bytes, size) => zstd.decode(bytes, size),
};

/** Decompresses bytes that must become `size` bytes. Throws `FormatError`, whatever they are. */
export function decompress(compression: Compression, bytes: Uint8Array, size: number): Uint8Array {
  const result = decompressUnchecked(compression, bytes, size);
  if (result.length === size) return result;
  throw new FormatError(
    `Cannot decompress ${compression} data: ${size} bytes wanted, ${result.length} found`,
  );
}

function decompressUnchecked(
  compression: Compression,
  bytes: Uint8Array,
  size: number,
): Uint8Array {
  try {
    return DECOMPRESS[compression](bytes, size);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new FormatError(`Cannot decompress ${compression} data: ${why}`, { cause: error });
  }
}

/**
 * The package takes the size that the data begins with for the right one: it would give what it had before, where the data is
 * of less.
 */
function unsnap(bytes: Uint8Array, size: number): Uint8Array {
  const preamble = varint(size);
  if (preamble.some((byte, index) => bytes[index] !== byte)) {
    throw new FormatError(`Cannot decompress snappy data: it is not of ${size} bytes`);
  }
  return snappy(bytes, size);
}

/** Seven bits a byte, the lowest first, all but the last with the highest bit (snappy's format_description.txt). */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
