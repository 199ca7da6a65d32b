// SPDX-License-Identifier: MIT
/** BTF, the kernel's own description of its types (Documentation/bpf/btf.rst): the table of types, undeciphered. */
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import { ByteReader, cString } from '../dump/byte-reader.ts';

/** A type as the table has it (`struct btf_type`). */
export interface BtfType {
  readonly id: number;
  readonly kind: BtfKind;
  /** Empty for one without a name. */
  readonly name: string;
  /** Of an enumeration: it is signed; of a structure: its members may be bit fields. */
  readonly kindFlag: boolean;
  /** Bytes, of a kind that has a size. */
  readonly size: number;
  /** The type that it refers to, of a kind that refers; 0 is `void`. */
  readonly type: number;
  /** Elements behind it: members, enumerators, parameters. */
  readonly vlen: number;
  /** Where these lie. */
  readonly elements: number;
}

/** The kinds in the order of their numbers, with what follows a type: bytes once, and for each element. */
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

/** Types that a kernel may have (`BTF_MAX_TYPE`). */
const TYPE_LIMIT = 0xfffff;

/** The table of types of one BTF section. Numbers are checked when they are used. */
export class BtfTypes {
  readonly #view: DataView;
  readonly #strings: Uint8Array;
  readonly #offsets: number[];

  private constructor(view: DataView, strings: Uint8Array, offsets: number[]) {
    this.#view = view;
    this.#strings = strings;
    this.#offsets = offsets;
  }

  /** Reads where each type lies. Throws `FormatError`. */
  static parse(bytes: Uint8Array): BtfTypes {
    const { types, strings } = sectionsOf(bytes);
    const view = new DataView(types.buffer, types.byteOffset, types.length);
    return new BtfTypes(view, strings, typeOffsets(view));
  }

  /** Types that there are; their ids are below. */
  get count(): number {
    return this.#offsets.length;
  }

  /** The type of an id. Throws `FormatError` if there is none. */
  type(id: number): BtfType {
    if (id === 0) return VOID;
    const at = this.#offsets[id];
    if (at === undefined) {
      throw new FormatError(`Cannot read BTF: type ${id} wanted, ${this.count} types found`);
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

  /** The kind and where the name lies of each type, for who looks for one of 100,000. */
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

  /** A word behind a type: `index` counts u32 from `elements`. All that a type has is known to be there. */
  word(type: BtfType, index: number): number {
    return this.#view.getUint32(type.elements + index * 4, true);
  }

  string(offset: number): string {
    return cString(this.#strings.subarray(offset, offset + NAME_LIMIT));
  }
}

/** Bytes of a name that are kept. */
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

/** Kinds with a size where others have a type. */
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
      `Cannot read BTF: magic ${hex(BTF_MAGIC)}, version ${BTF_VERSION} wanted, ` +
        `${hex(magic)}, ${version} found`,
    );
  }
  const [hdr_len, type_off, type_len] = [reader.u32(), reader.u32(), reader.u32()];
  const [str_off, str_len] = [reader.u32(), reader.u32()];
  const section = (offset: number, length: number): Uint8Array => {
    const start = hdr_len + offset;
    if (start + length <= bytes.length) return bytes.subarray(start, start + length);
    throw new FormatError(
      `Cannot read BTF: ${length} bytes wanted at offset ${hex(start)}, ${bytes.length} found`,
    );
  };
  return { types: section(type_off, type_len), strings: section(str_off, str_len) };
}

function typeOffsets(view: DataView): number[] {
  // Type 0 is `void` and is not in the table.
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
    `Cannot read BTF: a kind below ${KINDS.length} wanted at ${hex(at)}, ${number} found`,
  );
}

function cutType(id: number, left: number): FormatError {
  return new FormatError(`Cannot read BTF: type ${id} wanted whole, ${left} bytes left`);
}
