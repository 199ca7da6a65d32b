// SPDX-License-Identifier: MIT
/** The raw type table of BTF, the kernel's description of its types (Documentation/bpf/btf.rst). */
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import { ByteReader, cString } from '../dump/byte-reader.ts';

/** A `struct btf_type`. */
export interface BtfType {
  readonly id: number;
  readonly kind: BtfKind;
  /** Empty for one without a name. */
  readonly name: string;
  /** An enumeration is signed; a structure may have bit fields. */
  readonly kindFlag: boolean;
  /** Bytes, for a kind that has a size. */
  readonly size: number;
  /** The id of the type it refers to, for a kind that does; 0 is `void`. */
  readonly type: number;
  /** How many members, enumerators or parameters follow it. */
  readonly vlen: number;
  /** Offset of what follows it. */
  readonly elements: number;
}

/** The kinds by number, with the bytes that follow a type: `once`, and for `each` element. */
const KINDS = [
  { kind: 'void', once: 0, each: 0 },
  { kind: 'int', once: 4, each: 0 },
  { kind: 'pointer', once: 0, each: 0 },
  { kind: 'array', once: 12, each: 0 },
  { kind: 'struct', once: 0, each: 12 },
  { kind: 'union', once: 0, each: 12 },
  { kind: 'enum', once: 0, each: 8 },
  { kind: 'forward', once: 0, each: 0 },
  { kind: 'typedef', once: 0, each: 0 },
  { kind: 'volatile', once: 0, each: 0 },
  { kind: 'const', once: 0, each: 0 },
  { kind: 'restrict', once: 0, each: 0 },
  { kind: 'function', once: 0, each: 0 },
  { kind: 'prototype', once: 0, each: 8 },
  { kind: 'variable', once: 4, each: 0 },
  { kind: 'section', once: 0, each: 12 },
  { kind: 'float', once: 0, each: 0 },
  { kind: 'declaration tag', once: 4, each: 0 },
  { kind: 'type tag', once: 0, each: 0 },
  { kind: 'enum64', once: 0, each: 12 },
] as const;

export type BtfKind = (typeof KINDS)[number]['kind'];

const BTF_MAGIC = 0xeb9f;
const BTF_VERSION = 1;
const TYPE_BYTES = 12;

/** Types of a kernel, at most (`BTF_MAX_TYPE`). */
const TYPE_LIMIT = 0xfffff;

/** The type table of one BTF section. Ids and offsets are checked when they are used. */
export class BtfTypes {
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  readonly #offsets: number[];

  private constructor(view: DataView, strings: Uint8Array, offsets: number[]) {
    this.#view = view;
    this.#strings = strings;
    this.#offsets = offsets;
  }

  /** Finds the offset of each type. Throws `FormatError`. */
  static parse(bytes: Uint8Array): BtfTypes {
    const { types, strings } = sectionsOf(bytes);
    const view = new DataView(types.buffer, types.byteOffset, types.length);
    return new BtfTypes(view, strings, typeOffsets(view));
  }

  /** The number of types; all ids are below it. */
  get count(): number {
    return this.#offsets.length;
  }

  /** The type with this id. Throws `FormatError` if there is none. */
  type(id: number): BtfType {
    if (id === 0) return VOID;
    const at = this.#offsets[id];
    if (at === undefined) {
      throw new FormatError(`Cannot read BTF: expected type ${id}, found ${this.count} types`);
    }
    const info = this.#view.getUint32(at + 4, true);
    const sizeOrType = this.#view.getUint32(at + 8, true);
    const { kind } = kindOf(info, at);
    return {
      id,
      kind,
      name: this.string(this.#view.getUint32(at, true)),
      kindFlag: info >>> 31 === 1,
      size: SIZED.has(kind) ? sizeOrType : 0,
      type: SIZED.has(kind) ? 0 : sizeOrType,
      vlen: info & 0xffffff,
      elements: at + TYPE_BYTES,
    };
  }

  /** The kind and name offset of each type: a quick way through 100,000. */
  *names(): Generator<{
    readonly id: number;
    readonly kind: BtfKind;
    readonly nameOffset: number;
  }> {
    for (let id = 1; id < this.count; id += 1) {
      const at = this.#offsets[id] ?? 0;
      const { kind } = kindOf(this.#view.getUint32(at + 4, true), at);
      yield { id, kind, nameOffset: this.#view.getUint32(at, true) };
    }
  }

  /** The u32 at `index` from `elements`. `parse()` has checked that all of them are there. */
  word(type: BtfType, index: number): number {
    return this.#view.getUint32(type.elements + index * 4, true);
  }

  string(offset: number): string {
    return cString(this.#strings.subarray(offset, offset + NAME_LIMIT));
  }
}

/** Bytes kept of a name. */
const NAME_LIMIT = 512;

const VOID: BtfType = {
  id: 0,
  kind: 'void',
  name: 'void',
  kindFlag: false,
  size: 0,
  type: 0,
  vlen: 0,
  elements: 0,
};

/** Kinds that have a size where others refer to a type. */
const SIZED: ReadonlySet<BtfKind> = new Set<BtfKind>([
  'int',
  'struct',
  'union',
  'enum',
  'section',
  'float',
  'enum64',
]);

function sectionsOf(bytes: Uint8Array): { types: Uint8Array; strings: Uint8Array } {
  const reader = new ByteReader(bytes, 'struct btf_header');
  const [magic, version] = [reader.u16(), reader.u8()];
  reader.skip(1);
  if (magic !== BTF_MAGIC || version !== BTF_VERSION) {
    throw new FormatError(
      `Cannot read BTF: expected magic ${hex(BTF_MAGIC)}, version ${BTF_VERSION}, ` +
        `found ${hex(magic)}, ${version}`,
    );
  }
  const [hdr_len, type_off, type_len] = [reader.u32(), reader.u32(), reader.u32()];
  const [str_off, str_len] = [reader.u32(), reader.u32()];
  const section = (offset: number, length: number): Uint8Array => {
    const start = hdr_len + offset;
    if (start + length <= bytes.length) return bytes.subarray(start, start + length);
    const left = Math.max(0, bytes.length - start);
    throw new FormatError(
      `Cannot read BTF: expected ${length} bytes at offset ${hex(start)}, found ${left}`,
    );
  };
  return { types: section(type_off, type_len), strings: section(str_off, str_len) };
}

function typeOffsets(view: DataView): number[] {
  // Type 0 is `void`, which is not in the table.
  const offsets = [0];
  let at = 0;
  while (at < view.byteLength) {
    const left = view.byteLength - at;
    if (left < TYPE_BYTES || offsets.length > TYPE_LIMIT) throw cutType(offsets.length, left);
    const info = view.getUint32(at + 4, true);
    const { once, each } = kindOf(info, at);
    const bytes = TYPE_BYTES + once + each * (info & 0xffffff);
    if (bytes > left) throw cutType(offsets.length, left);
    offsets.push(at);
    at += bytes;
  }
  return offsets;
}

function kindOf(info: number, at: number): (typeof KINDS)[number] {
  const number = (info >>> 24) & 0x7f;
  const kind = KINDS[number];
  if (kind && number > 0) return kind;
  throw new FormatError(
    `Cannot read BTF: expected a kind below ${KINDS.length} at ${hex(at)}, found ${number}`,
  );
}

function cutType(id: number, left: number): FormatError {
  return new FormatError(`Cannot read BTF: expected all of type ${id}, found ${left} bytes`);
}
