// SPDX-License-Identifier: MIT
/**
 * `vmcore/`: formats of kernel dumps, read without debug information and without trusting a byte.
 * Its one rule: every read is bounds-checked, and what does not fit is a `FormatError`.
 * Start reading at `flattened.ts`: the form in which a dump leaves the guest.
 */

/**
 * Bytes that can be read at any offset: a file, or a buffer in a test. Reading waits for the disk: who reads much of a
 * dump does it in a thread or a process of its own.
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
