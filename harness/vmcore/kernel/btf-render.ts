// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import { printableText } from '../../memory/printable-text.ts';
import { type Btf, type BtfMember, POINTER_BYTES } from './btf.ts';
import type { BtfType } from './btf-types.ts';
import { cString } from '../dump/byte-reader.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** A structure in memory, and how much of it to show. */
export interface StructRequest {
  /** Its name without `struct`. */
  readonly name: string;
  readonly at: bigint;
  /** How many levels of inner structures to open. */
  readonly depth?: number;
  /** The most lines to give. */
  readonly lines?: number;
}

/** Elements shown of an array. */
const ELEMENT_LIMIT = 8;
/** Bytes of a structure, at most; a kernel's largest has some 10 KiB. */
const STRUCT_LIMIT = 1024 * 1024;
/** Characters shown of a text. */
const TEXT_LIMIT = 64;

/**
 * Renders a structure, a line for each member: `comm = "init"`, `flags = 0x80000200`. Throws
 * `FormatError`.
 */
export function renderStruct(btf: Btf, memory: VirtualMemory, request: StructRequest): string[] {
  const { name, at, depth = 1, lines = 500 } = request;
  const type = btf.find('struct', name) ?? btf.find('union', name);
  if (!type || type.size > STRUCT_LIMIT) {
    throw new FormatError(
      `Cannot render ${name}: expected a structure of at most ${STRUCT_LIMIT} bytes, ` +
        `found ${type ? type.size : 'none'}`,
    );
  }
  const bytes = memory.read(at, type.size);
  const out: string[] = [];
  for (const line of structLines(btf, type, { bytes, depth, indent: '' })) {
    if (out.length === lines) return [...out, '…'];
    out.push(line);
  }
  return out;
}

/** The bytes of a value, and how to render it. */
interface Place {
  readonly bytes: Uint8Array;
  readonly depth: number;
  readonly indent: string;
}

function* structLines(btf: Btf, type: BtfType, place: Place): Generator<string> {
  for (const member of btf.members(type)) {
    const bytes = place.bytes.subarray(member.offset, member.offset + memberBytes(btf, member));
    yield* memberLines(btf, member, { ...place, bytes });
  }
}

/** A bit field may lie in more bytes than its type has. */
function memberBytes(btf: Btf, { bitSize, bitOffset, type }: BtfMember): number {
  return bitSize === 0 ? btf.sizeOf(type) : Math.ceil(((bitOffset % 8) + bitSize) / 8);
}

function* memberLines(btf: Btf, member: BtfMember, place: Place): Generator<string> {
  const type = btf.resolve(member.type);
  const label = `${place.indent}${member.name === '' ? '' : `${printableText(member.name)} = `}`;
  if (type.kind !== 'struct' && type.kind !== 'union') {
    yield label + valueText(btf, type, { member, bytes: place.bytes });
  } else if (place.depth > 0) {
    yield `${label}{`;
    const inner = { ...place, depth: place.depth - 1, indent: `${place.indent}  ` };
    yield* structLines(btf, type, inner);
    yield `${place.indent}}`;
  } else {
    yield `${label}{ … }`;
  }
}

interface Value {
  readonly bytes: Uint8Array;
  /** The member that has the value; none for an element of an array. */
  readonly member?: BtfMember;
}

function valueText(btf: Btf, type: BtfType, { bytes, member }: Value): string {
  if (type.kind === 'array') return arrayText(btf, type, bytes);
  const raw = bitsOf(bytes, member);
  if (type.kind === 'pointer') return hex(raw);
  if (type.kind === 'enum' || type.kind === 'enum64') {
    const named = btf.enumeratorsOf(type).find(([, value]) => BigInt(value) === raw);
    return named ? printableText(named[0]) : String(raw);
  }
  if (type.kind !== 'int') return '{ … }';
  const isSigned = (btf.types.word(type, 0) >>> 24) & 1;
  const bits = member && member.bitSize > 0 ? member.bitSize : bytes.length * 8;
  return isSigned ? String(BigInt.asIntN(bits, raw)) : hex(raw);
}

/** A value of at most 16 bytes; that of a bit field without the bits around it. */
function bitsOf(bytes: Uint8Array, member?: BtfMember): bigint {
  let value = 0n;
  for (const byte of bytes.subarray(0, 2 * POINTER_BYTES).toReversed()) {
    value = (value << 8n) | BigInt(byte);
  }
  if (!member || member.bitSize === 0) return value;
  return BigInt.asUintN(member.bitSize, value >> BigInt(member.bitOffset % 8));
}

function arrayText(btf: Btf, type: BtfType, bytes: Uint8Array): string {
  const [elementId, count] = [btf.types.word(type, 0), btf.types.word(type, 2)];
  const element = btf.resolve(elementId);
  const size = btf.sizeOf(elementId);
  if (element.name === 'char') {
    return `"${printableText(cString(bytes.subarray(0, TEXT_LIMIT)))}"`;
  }
  const shown = Array.from({ length: Math.min(count, ELEMENT_LIMIT) }, (_, index) => {
    const part = bytes.subarray(index * size, (index + 1) * size);
    return element.kind === 'array' ? '[ … ]' : valueText(btf, element, { bytes: part });
  });
  return `[${[...shown, ...(count > shown.length ? ['…'] : [])].join(', ')}]`;
}
