// SPDX-License-Identifier: MIT

/**
 * Bytes that can be read at any offset: a file, or a buffer in a test. Reads block on the disk, so
 * read large parts of a dump in a thread or process of their own.
 */
export interface ByteSource {
  readonly size: number;
  /** Gives exactly `length` bytes; the caller stays within `size`. */
  read(offset: number, length: number): Uint8Array;
}

/** Bytes in memory, as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
  };
}
