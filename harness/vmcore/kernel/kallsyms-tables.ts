// SPDX-License-Identifier: MIT
import type { AddressTable } from './kallsyms-addresses.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** The tables of kallsyms, and how many symbols they have. */
export interface KallsymsTables {
  readonly count: number;
  readonly names: bigint;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  /** Where the addresses may be: in older kernels there are two candidates. */
  readonly addresses: readonly AddressTable[];
}

/** Symbols of a kernel, at most; a large one has 200,000. */
export const SYMBOL_LIMIT = 2_000_000;

/** Bytes of the compressed names, at most. */
export const NAMES_LIMIT = 48 * 1024 * 1024;

/** Finds the tables by VMCOREINFO; undefined if it does not have them. */
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
