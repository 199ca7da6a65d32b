// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { type VirtAddr, virtAddr } from './pfn.ts';

const LINE = /^([0-9a-f]{1,16}) [A-Za-z] (\S+)/gm;

/**
 * Reads `/proc/kallsyms`: the address of each symbol by its name; of several with one name the
 * first. Throws `FormatError` if there is no symbol in it.
 */
export function parseKallsyms(text: string): Map<string, VirtAddr> {
  const symbols = new Map<string, VirtAddr>();
  for (const [, address = '', name = ''] of text.matchAll(LINE)) {
    if (!symbols.has(name)) symbols.set(name, virtAddr(BigInt(`0x${address}`)));
  }
  if (symbols.size === 0) {
    throw new FormatError(
      'Cannot read /proc/kallsyms: lines "ffffffff81000000 T _text" wanted, none found',
    );
  }
  return symbols;
}
