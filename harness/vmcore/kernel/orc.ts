// SPDX-License-Identifier: MIT
/** ORC unwind tables (`struct orc_entry`, Documentation/arch/x86/orc-unwinder.rst). */
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import type { Kallsyms } from './kallsyms.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** What a stack or frame pointer is found by. */
type OrcRegister =
  | 'undefined'
  | 'previous sp'
  | 'ax'
  | 'dx'
  | 'di'
  | 'bp'
  | 'sp'
  | 'r10'
  | 'r13'
  | 'bp indirect'
  | 'sp indirect';

/** What the previous stack pointer points to; `end` ends a stack. */
export type OrcType = 'undefined' | 'end' | 'call' | 'regs' | 'partial regs';

/** How to find the previous frame from one instruction. */
export interface OrcEntry {
  readonly spOffset: number;
  readonly bpOffset: number;
  readonly spRegister: OrcRegister;
  readonly bpRegister: OrcRegister;
  readonly type: OrcType;
  /** The instruction was interrupted; it did not call. */
  readonly signal: boolean;
}

/** The unwind tables of a kernel. */
export interface OrcTables {
  /** The entry for an address; undefined outside the kernel image. Throws `FormatError`. */
  find(ip: bigint): OrcEntry | undefined;
}

/** `ORC_REG_*` up to 6.16 or so. */
const OLD_REGISTERS: readonly OrcRegister[] = [
  'undefined',
  'previous sp',
  'dx',
  'di',
  'bp',
  'sp',
  'r10',
  'r13',
  'bp indirect',
  'sp indirect',
];

/** `ORC_REG_*` in later kernels, in the order of the registers' numbers. */
const NEW_REGISTERS: readonly OrcRegister[] = [
  'undefined',
  'ax',
  'dx',
  'sp',
  'bp',
  'di',
  'r10',
  'r13',
  'previous sp',
  'sp indirect',
  'bp indirect',
];

/** `ORC_TYPE_*`, from 6.4 on. */
const NEW_TYPES: readonly OrcType[] = ['undefined', 'end', 'call', 'regs', 'partial regs'];
/** `UNWIND_HINT_TYPE_*`, before that; a bit ends a stack. */
const OLD_TYPES: readonly OrcType[] = ['call', 'regs', 'partial regs'];

/** The last 16 bits of an entry: two registers of 4 bits, a type, and a flag. */
interface OrcFormat {
  readonly registers: readonly OrcRegister[];
  readonly types: readonly OrcType[];
  readonly typeBits: 2 | 3;
}

const FORMATS: readonly OrcFormat[] = [
  { registers: NEW_REGISTERS, types: NEW_TYPES, typeBits: 3 },
  { registers: OLD_REGISTERS, types: NEW_TYPES, typeBits: 3 },
  { registers: OLD_REGISTERS, types: OLD_TYPES, typeBits: 2 },
];

/** `struct orc_entry`: two i16, and these 16 bits. */
const ENTRY_BYTES = 6;
const IP_BYTES = 4;
/** Entries of a kernel, at most; a large one has a million. */
const ENTRY_LIMIT = 16 * 1024 * 1024;
/** Entries to look at to tell the format. */
const SAMPLE = 4096;

/** Opens the tables; undefined if the kernel has none. Throws `FormatError`. */
export function openOrc(memory: VirtualMemory, kallsyms: Kallsyms): OrcTables | undefined {
  const ips = kallsyms.address('__start_orc_unwind_ip');
  const entries = kallsyms.address('__start_orc_unwind');
  if (ips === undefined || entries === undefined) return undefined;
  const count = Number(kallsyms.requireAddress('__stop_orc_unwind_ip') - ips) / IP_BYTES;
  if (!(count > 0 && count <= ENTRY_LIMIT)) {
    throw new FormatError(
      `Cannot read ORC: expected at most ${ENTRY_LIMIT} entries, found ${count}`,
    );
  }
  const format = findFormat(memory, entries, Math.floor(count));
  return {
    find: (ip) => {
      const index = lastBefore(memory, { ips, count: Math.floor(count), ip });
      if (index === undefined) return undefined;
      return decodeEntry(memory.read(entries + BigInt(index * ENTRY_BYTES), ENTRY_BYTES), format);
    },
  };
}

/** `__orc_find()`: the last entry at or before the address; each is relative to its own place. */
function lastBefore(
  memory: VirtualMemory,
  { ips, count, ip }: { readonly ips: bigint; readonly count: number; readonly ip: bigint },
): number | undefined {
  const at = (index: number): bigint => {
    const vaddr = ips + BigInt(index * IP_BYTES);
    return vaddr + BigInt(memory.i32(vaddr));
  };
  if (ip < at(0)) return undefined;
  let [low, high] = [0, count];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (at(middle) <= ip) low = middle;
    else high = middle;
  }
  return low;
}

/** The format in which most entries are calls found by the stack pointer, as in every kernel. */
function findFormat(memory: VirtualMemory, entries: bigint, count: number): OrcFormat {
  const length = Math.min(count, SAMPLE);
  const start = Math.floor((count - length) / 2);
  const bytes = memory.read(entries + BigInt(start * ENTRY_BYTES), length * ENTRY_BYTES);
  const scored = FORMATS.map((format) => {
    const matches = Array.from({ length }, (_, index) =>
      findEntry(bytes.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES), format),
    ).filter((entry) => entry?.type === 'call' && entry.spRegister === 'sp');
    return { format, score: matches.length };
  });
  const best = scored.toSorted((a, b) => b.score - a.score)[0];
  if (best && best.score > length / 2) return best.format;
  throw new FormatError(
    `Cannot read ORC: expected a format in which most of ${length} entries are calls, found none`,
  );
}

function decodeEntry(bytes: Uint8Array, format: OrcFormat): OrcEntry {
  const entry = findEntry(bytes, format);
  if (entry) return entry;
  const found = hex(Buffer.from(bytes).readUInt16LE(4));
  throw new FormatError(`Cannot read ORC: expected registers and a type, found ${found}`);
}

function findEntry(bytes: Uint8Array, format: OrcFormat): OrcEntry | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const bits = view.getUint16(4, true);
  const spRegister = format.registers[bits & 0xf];
  const bpRegister = format.registers[(bits >> 4) & 0xf];
  const type = format.types[(bits >> 8) & (2 ** format.typeBits - 1)];
  const flag = ((bits >> (8 + format.typeBits)) & 1) === 1;
  if (!spRegister || !bpRegister || !type) return undefined;
  return {
    spOffset: view.getInt16(0, true),
    bpOffset: view.getInt16(2, true),
    spRegister,
    bpRegister,
    ...(format.typeBits === 3 ? { type, signal: flag } : oldType(type, spRegister, flag)),
  };
}

/** Before 6.4: without a stack pointer it is an end or unknown; all but calls are interrupts. */
function oldType(
  type: OrcType,
  spRegister: OrcRegister,
  end: boolean,
): Pick<OrcEntry, 'type' | 'signal'> {
  if (spRegister === 'undefined') return { type: end ? 'end' : 'undefined', signal: false };
  return { type, signal: type !== 'call' };
}
