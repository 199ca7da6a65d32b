// SPDX-License-Identifier: MIT
/**
 * The LZO1X stream format, version 0, with the names and numbers of the kernel's
 * Documentation/staging/lzo.rst. No package for it is both free of native code and safe with
 * untrusted bytes.
 */
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';

/** Decompresses to at most `limit` bytes. Throws `FormatError`. */
export function lzo1xDecompress(input: Uint8Array, limit: number): Uint8Array {
  const stream = new Lzo1xStream(input, limit);
  let state = stream.first();
  while (state !== END) state = stream.next(state);
  return stream.output;
}

/** In place of a state: the end of the stream. */
const END = -1;
/** The state after four literals or more; a lower one is their number. */
const MANY = 4;

/** A cursor over a stream and its output. The meaning of an instruction depends on the state. */
class Lzo1xStream {
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;
  #at = 0;
  #filled = 0;

  constructor(input: Uint8Array, limit: number) {
    this.#input = input;
    this.#output = new Uint8Array(limit);
  }

  get output(): Uint8Array {
    return this.#output.subarray(0, this.#filled);
  }

  /** A first byte above 17 copies literals; any other is an ordinary instruction. */
  first(): number {
    const code = this.#input[0] ?? 0;
    if (code <= 17) return 0;
    this.#at = 1;
    this.#literals(code - 17);
    return Math.min(code - 17, MANY);
  }

  /** Executes one instruction in `state`, and gives the state after it. */
  next(state: number): number {
    const code = this.#byte();
    if (code >= 64) return this.#shortCopy(code);
    if (code >= 32) return this.#copyWithin16k(code);
    if (code >= 16) return this.#copyBeyond16k(code);
    if (state > 0) return this.#tinyCopy(code, state);
    this.#literals(3 + this.#length(code, 15));
    return MANY;
  }

  /** `01LDDDSS` and `1LLDDDSS`: 3 to 8 bytes from within 2 KiB. */
  #shortCopy(code: number): number {
    const distance = (this.#byte() << 3) + ((code >> 2) & 7) + 1;
    return this.#copy(distance, (code >> 5) + 1, code & 3);
  }

  /** `001LLLLL` */
  #copyWithin16k(code: number): number {
    const length = 2 + this.#length(code & 31, 31);
    const word = this.#word();
    return this.#copy((word >> 2) + 1, length, word & 3);
  }

  /** `0001HLLL`; a distance of exactly 16 KiB ends the stream. */
  #copyBeyond16k(code: number): number {
    const length = 2 + this.#length(code & 7, 7);
    const word = this.#word();
    const distance = 16_384 + ((code & 8) << 11) + (word >> 2);
    return distance === 16_384 ? END : this.#copy(distance, length, word & 3);
  }

  /** `0000DDSS`: 2 bytes from within 1 KiB after few literals, 3 from beyond 2 KiB after many. */
  #tinyCopy(code: number, state: number): number {
    const distance = (this.#byte() << 2) + (code >> 2) + 1;
    const isFar = state === MANY;
    return this.#copy(isFar ? distance + 2048 : distance, isFar ? 3 : 2, code & 3);
  }

  /** A length that does not fit its bits continues in bytes; each zero byte adds 255. */
  #length(bits: number, most: number): number {
    if (bits !== 0) return bits;
    let length = most;
    for (;;) {
      const byte = this.#byte();
      if (byte !== 0) return length + byte;
      length += 255;
    }
  }

  #copy(distance: number, length: number, literals: number): number {
    if (distance > this.#filled) {
      throw new FormatError(
        `Cannot decompress LZO data: expected a copy from at most ${this.#filled} bytes back at ` +
          `offset ${hex(this.#at)}, found ${distance}`,
      );
    }
    this.#requireRoom(length);
    const output = this.#output;
    const end = this.#filled + length;
    // Byte by byte: a copy may reach into what it has just written.
    for (let to = this.#filled; to < end; to += 1) output[to] = output[to - distance] ?? 0;
    this.#filled = end;
    this.#literals(literals);
    return literals;
  }

  #literals(length: number): void {
    this.#requireInput(length);
    this.#requireRoom(length);
    const output = this.#output;
    const end = this.#filled + length;
    // Most runs are so short that a view of the input would cost more than the loop.
    for (let to = this.#filled, from = this.#at; to < end; to += 1, from += 1) {
      output[to] = this.#input[from] ?? 0;
    }
    this.#at += length;
    this.#filled = end;
  }

  #word(): number {
    const low = this.#byte();
    return low | (this.#byte() << 8);
  }

  #byte(): number {
    const byte = this.#input[this.#at];
    if (byte === undefined) this.#requireInput(1);
    this.#at += 1;
    return byte ?? 0;
  }

  #requireInput(length: number): void {
    const left = this.#input.length - this.#at;
    if (length <= left) return;
    throw new FormatError(
      `Cannot decompress LZO data: expected ${length} bytes at offset ${hex(this.#at)}, ` +
        `found ${left}`,
    );
  }

  #requireRoom(length: number): void {
    const room = this.#output.length - this.#filled;
    if (length <= room) return;
    throw new FormatError(
      `Cannot decompress LZO data: expected at most ${this.#output.length} bytes, ` +
        `found ${this.#filled + length}`,
    );
  }
}
