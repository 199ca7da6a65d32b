// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { hex } from '../../memory/pfn.ts';
import type { VirtualMemory } from './virtual-memory.ts';

/** `kallsyms_addresses`, or `kallsyms_offsets` with `kallsyms_relative_base` where there is one. */
export type AddressTable =
  | { readonly kind: 'addresses'; readonly at: bigint }
  | { readonly kind: 'offsets'; readonly at: bigint; readonly base: bigint | undefined };

/** A symbol whose address is known without kallsyms. */
export interface KnownSymbol {
  readonly name: string;
  /** Its place in the table; -1 if it is not there. */
  readonly index: number;
  readonly address: bigint;
}

type Decode = (offset: number, index: number) => number;

/** How `kallsyms_sym_address()` decodes an offset, by how the kernel was configured. */
const ENCODINGS: readonly ((at: number, base: number | undefined) => Decode | undefined)[] = [
  // CONFIG_KALLSYMS_ABSOLUTE_PERCPU: 0 and above is absolute, an offset into a CPU's area.
  (_, base) =>
    base === undefined ? undefined : (offset) => (offset >= 0 ? offset : base - 1 - offset),
  // CONFIG_KALLSYMS_BASE_RELATIVE without it: unsigned.
  (_, base) => (base === undefined ? undefined : (offset) => base + (offset >>> 0)),
  // Without a base: relative to the offset itself (`offset_to_ptr()`).
  (at) => (offset, index) => at + index * 4 + offset,
];

/**
 * Reads the addresses of all symbols, as signed numbers, from the table and in the encoding that
 * give the known symbol its address. Throws `FormatError` if none does.
 */
export function decodeAddresses(
  memory: VirtualMemory,
  tables: { readonly count: number; readonly addresses: readonly AddressTable[] },
  known: KnownSymbol,
): Float64Array {
  for (const table of tables.addresses) {
    const addresses =
      known.index < 0 ? undefined : decodeTable(memory, { ...table, count: tables.count }, known);
    if (addresses) return addresses;
  }
  throw new FormatError(
    `Cannot read kallsyms: expected an encoding in which ${known.name} is ` +
      `${hex(known.address)}, ` +
      'found none',
  );
}

function decodeTable(
  memory: VirtualMemory,
  table: AddressTable & { readonly count: number },
  { index, address }: KnownSymbol,
): Float64Array | undefined {
  const bytes = memory.read(table.at, table.count * (table.kind === 'addresses' ? 8 : 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoders =
    table.kind === 'addresses' ? absoluteDecoders(view) : offsetDecoders(view, table);
  const expected = signed(address);
  for (const candidate of decoders) {
    if (candidate(index) === expected) return filled(table.count, candidate);
  }
  return undefined;
}

type AddressOf = (index: number) => number;

function absoluteDecoders(view: DataView): AddressOf[] {
  return [(index) => signed(view.getBigUint64(index * 8, true))];
}

function offsetDecoders(
  view: DataView,
  { at, base }: { readonly at: bigint; readonly base: bigint | undefined },
): AddressOf[] {
  return ENCODINGS.flatMap((encoding) => {
    const decode = encoding(signed(at), base === undefined ? undefined : signed(base));
    return decode ? [(index) => decode(view.getInt32(index * 4, true), index)] : [];
  });
}

function filled(count: number, address: AddressOf): Float64Array {
  const addresses = new Float64Array(count);
  for (let index = 0; index < count; index += 1) addresses[index] = address(index);
  return addresses;
}

/** An address as a signed number, which is exact near 2^64, where the kernel image is. */
function signed(address: bigint): number {
  return Number(BigInt.asIntN(64, address));
}
