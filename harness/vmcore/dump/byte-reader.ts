// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';

/**
 * A cursor over little-endian bytes. What is read is named, so that what does not fit is a `FormatError` that says what
 * was wanted, where, and how much is left.
 */
export class ByteReader {
  readonly #view: DataView;
  readonly #what: string;
  readonly #base: number;
  #at = 0;

  /** `base` is where the bytes lie in the dump: offsets in errors count from there. */
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

  /** A u64 that counts bytes or pages; more than a number holds exactly is a `FormatError`. */
  size(): number {
    const at = this.offset;
    const value = this.u64();
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    throw new FormatError(
      `Cannot read ${this.#what}: a size below 2^53 wanted at offset ${hex(at)}, ${hex(value)} found`,
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
        `Cannot read ${this.#what}: ${length} bytes wanted at offset ${hex(this.offset)}, ` +
          `${this.remaining} left`,
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
