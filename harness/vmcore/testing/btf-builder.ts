// SPDX-License-Identifier: MIT

/** A type; its id is its place in the list, counted from 1. */
export interface TypeSpec {
  /** `BTF_KIND_*`. */
  readonly kind: number;
  readonly name?: string;
  /** Its size, or the id of the type it refers to. */
  readonly of?: number;
  /** The words of each element after it; a name goes into the string section. */
  readonly elements?: readonly (readonly (string | number)[])[];
  readonly kindFlag?: boolean;
}

const HEADER_BYTES = 24;
/** Kinds whose elements do not count: the encoding of an integer, the bounds of an array. */
const UNCOUNTED = new Set([1, 3]);

/** Builds a BTF section. */
export function btfBytes(types: readonly TypeSpec[]): Buffer {
  let strings = '\0';
  const stringAt = (text: string): number => {
    if (text === '') return 0;
    const at = strings.length;
    strings += `${text}\0`;
    return at;
  };
  const words = types.flatMap(({ kind, name = '', of = 0, elements = [], kindFlag = false }) => {
    const vlen = UNCOUNTED.has(kind) ? 0 : elements.length;
    const info = ((kindFlag ? 2 ** 31 : 0) + kind * 2 ** 24 + vlen) >>> 0;
    const behind = elements
      .flat()
      .map((word) => (typeof word === 'string' ? stringAt(word) : word));
    return [stringAt(name), info, of, ...behind];
  });
  const section = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) section.writeUInt32LE(word >>> 0, index * 4);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16LE(0xeb9f, 0);
  header.writeUInt8(1, 2);
  header.writeUInt32LE(HEADER_BYTES, 4);
  header.writeUInt32LE(section.length, 12);
  header.writeUInt32LE(section.length, 16);
  header.writeUInt32LE(strings.length, 20);
  return Buffer.concat([header, section, Buffer.from(strings, 'latin1')]);
}

const bits = (bytes: number): number => bytes * 8;

/** Types of a kernel, reduced to what is read of them. */
export const KERNEL_TYPES: readonly TypeSpec[] = [
  { kind: 1, name: 'long unsigned int', of: 8, elements: [[64]] },
  { kind: 1, name: 'int', of: 4, elements: [[0x0100_0020]] },
  { kind: 1, name: 'char', of: 1, elements: [[0x0100_0008]] },
  { kind: 3, elements: [[3, 1, 16]] },
  { kind: 2, of: 9 },
  { kind: 8, name: 'pid_t', of: 2 },
  {
    kind: 4,
    name: 'task_struct',
    of: 0x40,
    elements: [
      ['__state', 1, 0],
      ['', 8, bits(8)],
      ['pid', 6, bits(0x20)],
      ['comm', 4, bits(0x28)],
      ['parent', 5, bits(0x38)],
    ],
  },
  {
    kind: 5,
    of: 16,
    elements: [
      ['words', 10, 0],
      ['flags', 11, 0],
    ],
  },
  { kind: 10, of: 7 },
  { kind: 3, elements: [[1, 1, 2]] },
  {
    kind: 4,
    name: 'bit_fields',
    of: 8,
    kindFlag: true,
    elements: [
      ['low', 2, 3 * 2 ** 24],
      ['signed', 2, 4 * 2 ** 24 + 3],
      ['state', 12, 8 * 2 ** 24 + 8],
    ],
  },
  {
    kind: 6,
    name: 'pageflags',
    of: 4,
    kindFlag: true,
    elements: [
      ['PG_locked', 0],
      ['PG_reserved', 13],
      ['PG_none', -1],
    ],
  },
  { kind: 19, name: 'wide', of: 8, elements: [['WIDE', 1, 2]] },
  {
    kind: 4,
    name: 'resource',
    of: 64,
    elements: ['start', 'end', 'name', 'flags', 'desc', 'parent', 'sibling', 'child'].map(
      (name, index) => [name, 1, bits(index * 8)],
    ),
  },
];
