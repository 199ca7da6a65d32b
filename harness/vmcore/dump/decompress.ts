// SPDX-License-Identifier: MIT
import { inflateSync } from 'node:zlib';
import { snappyUncompressor } from 'hysnappy';
import { ZSTDDecoder } from 'zstddec';
import { FormatError, messageOf } from '../../errors.ts';
import { lzo1xDecompress } from './lzo1x.ts';

/** How a page of a dump may be compressed. */
export type Compression = 'zlib' | 'lzo' | 'snappy' | 'zstd';

type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

const snappy = snappyUncompressor();
const zstd = new ZSTDDecoder();
// The package embeds WebAssembly that is too large to be compiled synchronously.
await zstd.init();

const DECOMPRESS: Readonly<Record<Compression, Decompress>> = {
  zlib: (bytes, size) =>
    inflateSync(bytes, { maxOutputLength: size, chunkSize: Math.max(size, 64) }),
  lzo: lzo1xDecompress,
  snappy: unsnap,
  zstd: (bytes, size) => zstd.decode(bytes, size),
};

/** Decompresses to exactly `size` bytes. Throws `FormatError`, whatever the input is. */
export function decompress(compression: Compression, bytes: Uint8Array, size: number): Uint8Array {
  const result = decompressUnchecked(compression, bytes, size);
  if (result.length === size) return result;
  throw new FormatError(
    `Cannot decompress ${compression} data: expected ${size} bytes, found ${result.length}`,
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
    const why = messageOf(error);
    throw new FormatError(`Cannot decompress ${compression} data: ${why}`, { cause: error });
  }
}

/**
 * The package trusts the size at the start of the data: if the data holds less, the rest of the
 * output would be left over from earlier calls.
 */
function unsnap(bytes: Uint8Array, size: number): Uint8Array {
  const preamble = varint(size);
  if (preamble.some((byte, index) => bytes[index] !== byte)) {
    throw new FormatError(`Cannot decompress snappy data: it does not hold ${size} bytes`);
  }
  return snappy(bytes, size);
}

/** 7 bits a byte, lowest first, top bit set on all but the last (format_description.txt). */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
