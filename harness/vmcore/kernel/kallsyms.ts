// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { type VirtAddr, hex, virtAddr } from '../../memory/pfn.ts';
import { decodeAddresses } from './kallsyms-addresses.ts';
import { type SymbolNames, decodeNames, readTokens } from './kallsyms-names.ts';
import { scanForKallsyms } from './kallsyms-scan.ts';
import { NAMES_LIMIT, SYMBOL_LIMIT, findKallsymsTables } from './kallsyms-tables.ts';
import type { VirtualMemory } from './virtual-memory.ts';
import type { Vmcoreinfo } from '../dump/vmcoreinfo.ts';

/** A symbol of the kernel image; its type is the letter that `nm` prints. */
export interface KernelSymbol {
  readonly name: string;
  readonly type: string;
  readonly address: VirtAddr;
}

/** The symbols of the kernel image, with which `/proc/kallsyms` begins; none of modules. */
export class Kallsyms {
  readonly #names: SymbolNames;
  /** Signed: the kernel image is above -2^31, offsets into a CPU's area are not negative. */
  readonly #addresses: Float64Array;

  constructor(names: SymbolNames, addresses: Float64Array) {
    this.#names = names;
    this.#addresses = addresses;
  }

  get size(): number {
    return this.#names.count;
  }

  /** The address of the first symbol with this name. */
  address(name: string): VirtAddr | undefined {
    const index = this.#names.indexOf(name);
    return index === -1 ? undefined : this.#at(index);
  }

  /** Like `address()`, but throws `FormatError` if there is none. */
  requireAddress(name: string): VirtAddr {
    const address = this.address(name);
    if (address !== undefined) return address;
    const why = this.#hasData() ? '' : ': it has only functions, without CONFIG_KALLSYMS_ALL';
    throw new FormatError(
      `Cannot find ${name}: kallsyms has ${this.size} symbols, none of this name${why}`,
    );
  }

  /** The symbol that has an address of the kernel image, and the offset (`kallsyms_lookup()`). */
  find(address: bigint): { readonly name: string; readonly offset: number } | undefined {
    if (address < START_KERNEL_MAP) return undefined;
    let [low, high] = [0, this.size];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#at(middle) <= address) low = middle;
      else high = middle;
    }
    const start = this.#at(low);
    // Before the first symbol of the image and after the last there is a module, or nothing.
    if (start > address || start < START_KERNEL_MAP || (low === this.size - 1 && start !== address))
      return undefined;
    while (low > 0 && this.#at(low - 1) === start) low -= 1;
    return { name: this.#names.name(low), offset: Number(address - start) };
  }

  /** An address as the kernel prints it (`%pS`): `sysrq_handle_crash+0x16`, or a number. */
  render(address: bigint): string {
    const found = this.find(address);
    return found ? `${found.name}+${hex(found.offset)}` : hex(address);
  }

  /** The symbols in the order of the table, which is sorted by address. */
  *[Symbol.iterator](): Generator<KernelSymbol> {
    for (let index = 0; index < this.size; index += 1) {
      yield {
        name: this.#names.name(index),
        type: this.#names.type(index),
        address: this.#at(index),
      };
    }
  }

  /** The first `limit` symbols whose names match. */
  search(pattern: RegExp, limit = 100): KernelSymbol[] {
    const found: KernelSymbol[] = [];
    for (const symbol of this) {
      if (found.length >= limit) break;
      if (symbol.name.search(pattern) !== -1) found.push(symbol);
    }
    return found;
  }

  #hasData(): boolean {
    for (const { type } of this) if (/^[bdr]$/i.test(type)) return true;
    return false;
  }

  #at(index: number): VirtAddr {
    return virtAddr(BigInt(this.#addresses[index] ?? 0));
  }
}

/** Symbols by one of which the addresses are told; where there is no VMCOREINFO, the second. */
const KNOWN_SYMBOLS = ['_stext', '_text'] as const;

/**
 * Reads the symbols of the kernel image. VMCOREINFO has the tables since Linux kernel commit
 * 5fd8fea935a1 ("vmcoreinfo: include kallsyms symbols") (in v6.0); before, they are searched for.
 * Throws `FormatError`.
 */
export function readKallsyms(memory: VirtualMemory, vmcoreinfo: Vmcoreinfo): Kallsyms {
  const name = KNOWN_SYMBOLS.find((symbol) => vmcoreinfo.symbol(symbol) !== undefined);
  const address = name === undefined ? undefined : vmcoreinfo.symbol(name);
  if (name === undefined || address === undefined) {
    throw new FormatError(
      'Cannot read kallsyms: expected SYMBOL(_stext) in VMCOREINFO, found none',
    );
  }
  const tables = findKallsymsTables(memory, vmcoreinfo) ?? scanForKallsyms(memory, address);
  const length = Number(tables.tokenTable - tables.names);
  if (length <= 0 || length > NAMES_LIMIT || tables.count > SYMBOL_LIMIT) {
    throw new FormatError(
      `Cannot read kallsyms: expected at most ${NAMES_LIMIT} bytes of ${SYMBOL_LIMIT} names, ` +
        `found ${length} bytes of ${tables.count} names`,
    );
  }
  const tokens = readTokens(memory, tables);
  const names = decodeNames(memory.read(tables.names, length), tokens, tables.count);
  const known = { name, index: names.indexOf(name), address };
  return new Kallsyms(names, decodeAddresses(memory, tables, known));
}
