// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';

/**
 * A cursor over little-endian bytes. A read past the end throws a `FormatError` that names the
 * structure, the offset, and how many bytes are left.
 */
export class ByteReader {
  readonly #view: DataView;
  readonly #what: string;
  readonly #base: number;
  #at = 0;

  /** `base` is the offset of the bytes in the dump, from which errors count. */
  constructor(bytes: Uint8Array, what: string, base = 0) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#what = what;
    this.#base = base;
  }

  get remaining(): number {
    return this.#view.byteLength - this.#at;
  }

  get offset(): number {
    return this.#base + this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true);
  }

  /** A u64 that counts bytes or pages. Throws `FormatError` for 2^53 and more. */
  size(): number {
    const at = this.offset;
    const value = this.u64();
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new FormatError(
      `Cannot read ${this.#what}: expected a size below 2^53 at offset ${hex(at)}, ` +
        `found ${hex(value)}`,
    );
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new FormatError(
        `Cannot read ${this.#what}: expected ${length} bytes at offset ${hex(this.offset)}, ` +
          `found ${this.remaining}`,
      );
    }
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** Latin-1 text up to the first NUL. */
export function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  const text = end === -1 ? bytes : bytes.subarray(0, end);
  return Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1');
}
