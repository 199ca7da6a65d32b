// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { type BtfKind, type BtfType, BtfTypes } from './btf-types.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** A member of a structure. */
export interface BtfMember {
  readonly name: string;
  /** Bytes from the start of the structure, rounded down for a bit field. */
  readonly offset: number;
  /** The same in bits: a multiple of 8 except for bit fields. */
  readonly bitOffset: number;
  /** The width of a bit field; 0 for any other member. */
  readonly bitSize: number;
  readonly type: number;
}

/** Kinds that can be looked up by name. */
type NamedKind = 'struct' | 'union' | 'enum' | 'typedef';

/** Bytes of a BTF section, at most; a distribution kernel's has 6 MiB. */
const BTF_LIMIT = 24 * 1024 * 1024;

/** The longest chain of types that only rename or qualify. */
const ALIAS_LIMIT = 32;

/** How deep structures and arrays nest. */
const DEPTH_LIMIT = 32;

const ALIASES: ReadonlySet<BtfKind> = new Set<BtfKind>([
  'typedef',
  'volatile',
  'const',
  'restrict',
  'type tag',
]);

/** The types of a kernel. */
export class Btf {
  readonly types: BtfTypes;
  readonly #ids: ReadonlyMap<string, number>;

  constructor(types: BtfTypes) {
    this.types = types;
    this.#ids = idsByName(types);
  }

  /** The first type of this name. */
  find(kind: NamedKind, name: string): BtfType | undefined {
    const id = this.#ids.get(`${kind} ${name}`);
    return id === undefined ? undefined : this.types.type(id);
  }

  /** The size of a structure in bytes; undefined if there is none of this name. */
  structSize(name: string): number | undefined {
    return this.find('struct', name)?.size;
  }

  /** The offset of a member in bytes: `task_struct.comm`, `printk_info.dev_info.device`. */
  offset(path: string): number | undefined {
    return this.member(path)?.offset;
  }

  /** Like `offset()`, but throws `FormatError` if there is no such member. */
  requireOffset(path: string): number {
    const offset = this.offset(path);
    if (offset !== undefined) return offset;
    throw new FormatError(`Cannot find ${path}: BTF has ${this.types.count} types, no such member`);
  }

  /** The member at the end of a path; anonymous members are searched too. */
  member(path: string): BtfMember | undefined {
    const [struct = '', ...names] = path.split('.');
    let type = this.find('struct', struct) ?? this.find('union', struct);
    let found: BtfMember | undefined;
    for (const name of names) {
      const member = type && this.#findMember(type, name, new Set());
      if (!member) return undefined;
      found = member && shifted(member, found?.bitOffset ?? 0);
      type = this.resolve(member.type);
    }
    return found;
  }

  /** The members of a structure or union, including anonymous ones. */
  members(type: BtfType): BtfMember[] {
    return Array.from({ length: type.vlen }, (_, index) => {
      const bits = this.types.word(type, index * 3 + 2);
      const bitOffset = type.kindFlag ? bits & 0xffffff : bits;
      return {
        name: this.types.string(this.types.word(type, index * 3)),
        offset: Math.floor(bitOffset / 8),
        bitOffset,
        bitSize: type.kindFlag ? bits >>> 24 : 0,
        type: this.types.word(type, index * 3 + 1),
      };
    });
  }

  /** The values of an enumeration by name; undefined if there is no such enumeration. */
  enumerators(name: string): Map<string, number> | undefined {
    const type = this.find('enum', name);
    return type && new Map(this.enumeratorsOf(type));
  }

  /** The enumerators of a type; values above 2^53 lose precision. */
  enumeratorsOf(type: BtfType): [string, number][] {
    const words = type.kind === 'enum64' ? 3 : 2;
    return Array.from({ length: type.vlen }, (_, index) => {
      const word = (offset: number): number => this.types.word(type, index * words + offset);
      const low = word(1);
      const value = words === 3 ? word(2) * 2 ** 32 + low : type.kindFlag ? low | 0 : low;
      return [this.types.string(word(0)), value];
    });
  }

  /** Strips typedefs and qualifiers off a type. Throws `FormatError` for a loop of them. */
  resolve(id: number): BtfType {
    let type = this.types.type(id);
    for (let hops = 0; ALIASES.has(type.kind); hops += 1) {
      if (hops === ALIAS_LIMIT) {
        throw new FormatError(`Cannot read BTF: type ${id} has more than ${ALIAS_LIMIT} names`);
      }
      type = this.types.type(type.type);
    }
    return type;
  }

  /** The size of a type in bytes; 0 if it has none. */
  sizeOf(id: number): number {
    let count = 1;
    let type = this.resolve(id);
    for (let depth = 0; type.kind === 'array'; depth += 1) {
      if (depth === DEPTH_LIMIT) {
        throw new FormatError(
          `Cannot read BTF: type ${id} has more than ${DEPTH_LIMIT} dimensions`,
        );
      }
      count *= this.types.word(type, 2);
      type = this.resolve(this.types.word(type, 0));
    }
    return count * (type.kind === 'pointer' ? POINTER_BYTES : type.size);
  }

  #findMember(type: BtfType, name: string, seen: Set<number>): BtfMember | undefined {
    if ((type.kind !== 'struct' && type.kind !== 'union') || seen.has(type.id)) return undefined;
    if (seen.size === DEPTH_LIMIT * DEPTH_LIMIT) return undefined;
    seen.add(type.id);
    const members = this.members(type);
    const own = members.find((member) => member.name === name);
    if (own) return own;
    for (const member of members) {
      if (member.name !== '') continue;
      const inner = this.#findMember(this.resolve(member.type), name, seen);
      if (inner) return shifted(inner, member.bitOffset);
    }
    return undefined;
  }
}

/** Bytes of a pointer (x86-64). */
export const POINTER_BYTES = 8;

/** Reads the BTF of the kernel image, without modules. Throws `FormatError` if there is none. */
export function readBtf(memory: VirtualMemory, kallsyms: Kallsyms): Btf {
  const start = kallsyms.requireAddress('__start_BTF');
  const length = Number(kallsyms.requireAddress('__stop_BTF') - start);
  if (length < 0 || length > BTF_LIMIT) {
    throw new FormatError(`Cannot read BTF: expected at most ${BTF_LIMIT} bytes, found ${length}`);
  }
  return new Btf(BtfTypes.parse(memory.read(start, length)));
}

function shifted(member: BtfMember, bits: number): BtfMember {
  const bitOffset = member.bitOffset + bits;
  return { ...member, bitOffset, offset: Math.floor(bitOffset / 8) };
}

const NAMED_KINDS: Readonly<Partial<Record<BtfKind, NamedKind>>> = {
  struct: 'struct',
  union: 'union',
  enum: 'enum',
  enum64: 'enum',
  typedef: 'typedef',
};

function idsByName(types: BtfTypes): Map<string, number> {
  const ids = new Map<string, number>();
  for (const { id, kind, nameOffset } of types.names()) {
    const named = NAMED_KINDS[kind];
    if (!named || nameOffset === 0) continue;
    const key = `${named} ${types.string(nameOffset)}`;
    if (!ids.has(key)) ids.set(key, id);
  }
  return ids;
}
