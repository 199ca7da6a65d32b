// SPDX-License-Identifier: MIT
import { type BuiltKernel, vaddrOf } from './kernel-builder.ts';

/** The order of the tables and the encoding of addresses, by kernel (scripts/kallsyms.c). */
export type KallsymsStyle =
  | '4.18'
  | '4.4 absolute'
  | '5.10'
  | '5.10 absolute'
  | '6.1'
  | '6.3'
  | '6.12'
  | '7.3';

/** A symbol by its offset in memory, or in a CPU's area if it is per-CPU; a function unless it has another type. */
export interface SymbolSpec {
  readonly name: string;
  readonly type?: string;
  readonly offset: number;
  readonly perCpu?: boolean;
}

/** Offsets of the tables in memory. */
export interface BuiltKallsyms {
  readonly names: number;
  readonly count: number;
  readonly markers: number;
  readonly tokenTable: number;
  readonly tokenIndex: number;
  readonly offsets: number;
}

/** Two tokens that stand for more than one character. */
const COMPRESSED: Readonly<Record<number, string>> = { 1: 'T_', 2: 'kernel' };

/** Writes the tables for symbols that are sorted by address, and their lines of VMCOREINFO. */
export function addKallsyms(
  { ram, lines }: BuiltKernel,
  at: number,
  { symbols, style }: { readonly symbols: readonly SymbolSpec[]; readonly style: KallsymsStyle },
): BuiltKallsyms {
  const { names, markers } = namesOf(symbols);
  const { table, index } = tokenTables();
  const base = vaddrOf(0);
  // Where there is one marker it is 0, as padding is.
  const alignment = style === '7.3' && markers.length > 1 ? 4 : 8;
  let end = at;
  const put = (bytes: Uint8Array): number => {
    const start = end;
    ram.set(bytes, start);
    end = Math.ceil((start + bytes.length) / alignment) * alignment;
    return start;
  };
  const isOld = /^[45]\./.test(style);
  const before = isOld || style === '6.1' || style === '6.3';
  const putOffsets = (): { offsets: number; relative: number | undefined } => {
    const offsets = put(addressTable(symbols, style, end));
    const hasBase = style !== '7.3' && !style.endsWith('absolute');
    return { offsets, relative: hasBase ? put(u64(base)) : undefined };
  };
  const first = before ? putOffsets() : undefined;
  const numSyms = put(u32s([symbols.length]));
  const namesAt = put(names);
  const isLong = style.startsWith('4.');
  const markersAt = put(isLong ? u32s(markers.flatMap((one) => [one, 0])) : u32s(markers));
  // `kallsyms_seqs_of_names`.
  if (style === '6.3') put(Buffer.alloc(symbols.length * 3, 1));
  const tokenTable = put(table);
  const tokenIndex = put(index);
  const { offsets, relative } = first ?? putOffsets();
  const places: [string, number | undefined][] = [
    ['names', namesAt],
    ['num_syms', numSyms],
    ['token_table', tokenTable],
    ['token_index', tokenIndex],
    ['offsets', offsets],
    ['relative_base', relative],
  ];
  const shown = isOld ? [] : places;
  for (const [name, place] of shown) {
    if (place !== undefined) lines.push(symbolLine(`kallsyms_${name}`, place));
  }
  const count = symbols.length;
  return { names: namesAt, count, markers: markersAt, tokenTable, tokenIndex, offsets };
}

/** A line of VMCOREINFO. */
export function symbolLine(name: string, offset: number): string {
  return `SYMBOL(${name})=${vaddrOf(offset).toString(16)}`;
}

function namesOf(symbols: readonly SymbolSpec[]): { names: Buffer; markers: number[] } {
  const markers: number[] = [];
  let names = Buffer.alloc(0);
  for (const [index, { name, type = 'T' }] of symbols.entries()) {
    if (index % 256 === 0) markers.push(names.length);
    const compressed = `${type}${name}`.replaceAll('T_', '\x01').replaceAll('kernel', '\x02');
    const tokens = Buffer.from(compressed, 'latin1');
    const length =
      tokens.length < 0x80 ? [tokens.length] : [(tokens.length & 0x7f) | 0x80, tokens.length >> 7];
    names = Buffer.concat([names, Buffer.from(length), tokens]);
  }
  return { names, markers };
}

function tokenTables(): { table: Buffer; index: Buffer } {
  const texts = Array.from({ length: 256 }, (_, code) =>
    code < 0x21 ? (COMPRESSED[code] ?? '~') : String.fromCharCode(code),
  );
  const index = Buffer.alloc(512);
  let at = 0;
  for (const [code, text] of texts.entries()) {
    index.writeUInt16LE(at, code * 2);
    at += text.length + 1;
  }
  return { table: Buffer.from(texts.map((text) => `${text}\0`).join(''), 'latin1'), index };
}

function addressTable(
  symbols: readonly SymbolSpec[],
  style: KallsymsStyle,
  start: number,
): Uint8Array {
  if (style.endsWith('absolute'))
    return Buffer.concat(symbols.map(({ offset }) => u64(vaddrOf(offset))));
  return u32s(
    symbols.map(({ offset, perCpu }, index) => {
      if (style === '7.3') return offset - (start + index * 4);
      if (style === '6.12') return offset;
      return perCpu ? offset : -1 - offset;
    }),
  );
}

function u32s(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeInt32LE(value, index * 4);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
