// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** The text that each byte of a compressed name stands for. */
type Tokens = readonly Uint8Array[];

export const TOKENS = 256;

/** Bytes of the token table, at most: a token is no longer than a name. */
const TOKEN_TABLE_LIMIT = 0x10000;

/** Bytes kept of a name (`KSYM_NAME_LEN` is 512). */
const NAME_LIMIT = 1024;

/** Bytes of all names, at most; 200,000 symbols have 6 MiB. */
const TEXT_LIMIT = 96 * 1024 * 1024;

/** Bytes of a name to make room for at first; most are shorter. */
const EXPECTED_NAME = 40;

/** Reads the 256 tokens at the offsets of `kallsyms_token_index`. */
export function readTokens(
  memory: VirtualMemory,
  { tokenTable, tokenIndex }: { readonly tokenTable: bigint; readonly tokenIndex: bigint },
): Tokens {
  const index = memory.read(tokenIndex, TOKENS * 2);
  // The index follows right after the table.
  const length = Number(tokenIndex - tokenTable);
  if (length <= 0 || length > TOKEN_TABLE_LIMIT) {
    throw new FormatError(
      `Cannot read kallsyms_token_table: expected at most ${TOKEN_TABLE_LIMIT} bytes, ` +
        `found ${length}`,
    );
  }
  return tokensAt(memory.read(tokenTable, length), index);
}

/** Cuts the tokens out of their table, where each ends with a NUL. */
function tokensAt(table: Uint8Array, index: Uint8Array): Tokens {
  const offsets = new DataView(index.buffer, index.byteOffset, index.length);
  return Array.from({ length: TOKENS }, (_, token) => {
    const start = offsets.getUint16(token * 2, true);
    const end = table.indexOf(0, start);
    if (end !== -1) return table.subarray(start, end);
    throw new FormatError(
      `Cannot read kallsyms_token_table: expected a NUL after token ${token} at offset ${start}, ` +
        'found none',
    );
  });
}

/** The names of symbols by their place in the table, each with its type before it. */
export class SymbolNames {
  readonly count: number;
  readonly #text: Buffer;
  /** The start of each in the text, and the end of the last. */
  readonly #starts: Uint32Array;
  /** Hashed by name: the place of a symbol plus 1; 0 is free. */
  readonly #slots: Int32Array;

  constructor(text: Buffer, starts: Uint32Array) {
    this.count = starts.length - 1;
    this.#text = text;
    this.#starts = starts;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(this.count * 2 + 1)));
    for (let index = 0; index < this.count; index += 1) this.#insert(index);
  }

  name(index: number): string {
    return this.#text.toString('latin1', this.#start(index) + 1, this.#start(index + 1));
  }

  type(index: number): string {
    return this.#text.toString('latin1', this.#start(index), this.#start(index) + 1);
  }

  /** The place of the first symbol with this name; -1 if there is none. */
  indexOf(name: string): number {
    return (this.#slots[this.#slotOf(Buffer.from(name, 'latin1'))] ?? 0) - 1;
  }

  #start(index: number): number {
    return this.#starts[index] ?? 0;
  }

  #bytes(index: number): Buffer {
    return this.#text.subarray(this.#start(index) + 1, this.#start(index + 1));
  }

  #insert(index: number): void {
    const slot = this.#slotOf(this.#bytes(index));
    // The first symbol of a name counts, as in `kallsyms_lookup_name()`.
    if (this.#slots[slot] === 0) this.#slots[slot] = index + 1;
  }

  /** The slot of this name, or the free one where it would go. */
  #slotOf(name: Buffer): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(name) & mask;
    while (this.#slots[slot] !== 0) {
      if (this.#isNamed((this.#slots[slot] ?? 0) - 1, name)) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isNamed(index: number, name: Buffer): boolean {
    const start = this.#start(index) + 1;
    if (this.#start(index + 1) - start !== name.length) return false;
    for (let at = 0; at < name.length; at += 1) {
      if (this.#text[start + at] !== name[at]) return false;
    }
    return true;
  }
}

/** 32-bit FNV-1a. */
function hashOf(name: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at += 1) {
    hash = Math.imul(hash ^ (name[at] ?? 0), 0x01000193);
  }
  return hash ^ (hash >>> 15);
}

/**
 * Expands the names (`kallsyms_expand_symbol()`): a length, a ULEB128 of at most two bytes, then a
 * byte for each token. The first letter is the type. Before Linux kernel commit 73bbb94466fd
 * ("kallsyms: support "big" kernel symbols") (in v6.1) lengths had one byte, but no name had 128
 * tokens. Throws `FormatError` for fewer names than `count`.
 */
export function decodeNames(bytes: Uint8Array, tokens: Tokens, count: number): SymbolNames {
  const starts = new Uint32Array(count + 1);
  let text: Buffer = Buffer.allocUnsafe(count * EXPECTED_NAME + NAME_LIMIT);
  let [at, end] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    const { start, length } = nameAt(bytes, at);
    at = start + length;
    if (length === 0 || at > bytes.length) {
      throw new FormatError(
        `Cannot read kallsyms_names: expected ${count} names, found ${index} ` +
          `in ${bytes.length} bytes`,
      );
    }
    if (end + NAME_LIMIT > text.length) text = enlarged(text);
    end = expand(bytes.subarray(start, at), tokens, { text, end });
    starts[index + 1] = end;
  }
  return new SymbolNames(text, starts);
}

function enlarged(text: Buffer): Buffer {
  if (text.length < TEXT_LIMIT) return Buffer.concat([text], text.length * 2);
  throw new FormatError(
    `Cannot read kallsyms_names: expected at most ${TEXT_LIMIT} bytes, found more`,
  );
}

/** Appends a name, which has at least its type, and gives its end. */
function expand(
  name: Uint8Array,
  tokens: Tokens,
  { text, end }: { readonly text: Buffer; readonly end: number },
): number {
  let at = end;
  for (let index = 0; index < name.length; index += 1) {
    const token = tokens[name[index] ?? 0] ?? name;
    if (at + token.length > end + NAME_LIMIT) break;
    // Calling `set()` costs more than copying the few bytes of a token.
    for (let byte = 0; byte < token.length; byte += 1) text[at++] = token[byte] ?? 0;
  }
  if (at === end) text[at++] = UNKNOWN_TYPE;
  return at;
}

/** What `nm` prints for an unknown type: a question mark. */
const UNKNOWN_TYPE = 0x3f;

/** The tokens of the name at an offset; a name that is cut off has none, or too many. */
export function nameAt(bytes: Uint8Array, at: number): { start: number; length: number } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { start: at + 1, length: first };
  return { start: at + 2, length: (first & 0x7f) | ((bytes[at + 1] ?? 0) << 7) };
}
