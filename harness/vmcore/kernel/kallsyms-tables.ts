// SPDX-License-Identifier: MIT
import type { AddressTable } from './kallsyms-addresses.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** Where `kallsyms` has its tables, and how many symbols are in them. */
export interface KallsymsTables {
  readonly count: number;
  readonly names: bigint;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  /** Where the addresses may be: in older kernels there is more than one place. */
  readonly addresses: readonly AddressTable[];
}

/** Symbols that a kernel may have: a large one has 200,000. */
export const SYMBOL_LIMIT = 2_000_000;

/** Bytes that the compressed names may take. */
export const NAMES_LIMIT = 48 * 1024 * 1024;

/** The tables where VMCOREINFO says that they are; undefined if it does not. */
export function findKallsymsTables(
  memory: VirtualMemory,
  vmcoreinfo: Vmcoreinfo,
): KallsymsTables | undefined {
  const symbol = (name: string): bigint | undefined => vmcoreinfo.symbol(`kallsyms_${name}`);
  const [names, count, tokenTable] = [symbol('names'), symbol('num_syms'), symbol('token_table')];
  const [tokenIndex, offsets] = [symbol('token_index'), symbol('offsets')];
  const [absolute, base] = [symbol('addresses'), symbol('relative_base')];
  if (!names || !count || !tokenTable || !tokenIndex) return undefined;
  const at = offsets ?? absolute;
  if (at === undefined) return undefined;
  const addresses: AddressTable =
    offsets === undefined
      ? { kind: 'addresses', at }
      : { kind: 'offsets', at, base: base === undefined ? undefined : memory.u64(base) };
  return { count: memory.u32(count), names, tokenTable, tokenIndex, addresses: [addresses] };
}
