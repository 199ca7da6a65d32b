// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { KERNEL_SYMBOLS, type KernelSymbol } from './kernel-symbols.ts';
import { type VirtAddr, virtAddr } from './pfn.ts';

/** The addresses of the symbols that a kernel has. Only what is in `KERNEL_SYMBOLS` can be asked for. */
export type KernelSymbols = ReadonlyMap<KernelSymbol, VirtAddr>;

/**
 * A symbol of the kernel image: one of a module has the module's name behind it. ThinLTO makes a static symbol global
 * that another file came to use, and gives it a unique name (`efi_unmap_boot_services.llvm.7823`).
 */
const LINE = /^([0-9a-f]{1,16}) [A-Za-z] (\S+?)(?:\.llvm\.\d+)?$/gm;

const LAST_WORD = / (\S+?)(?:\.llvm\.\d+)?$/;

const ASKED_FOR: ReadonlySet<string> = new Set(KERNEL_SYMBOLS);

/**
 * Reads `/proc/kallsyms`; of several symbols with one name the first. Throws `FormatError` if it
 * has no symbol at all.
 */
export function parseKallsyms(text: string): KernelSymbols {
  const symbols = new Map<KernelSymbol, VirtAddr>();
  let lines = 0;
  for (const [, address = '', name = ''] of text.matchAll(LINE)) {
    lines++;
    if (isAskedFor(name) && !symbols.has(name)) {
      symbols.set(name, virtAddr(BigInt(`0x${address}`)));
    }
  }
  if (lines > 0) return symbols;
  throw new FormatError(
    'Cannot read /proc/kallsyms: expected lines "ffffffff81000000 T _text", found none',
  );
}

/** Cuts `/proc/kallsyms` down to `KERNEL_SYMBOLS`: a bundle need not hold seven megabytes of the others. */
export function keepKernelSymbols(kallsyms: Uint8Array): Uint8Array {
  const lines = Buffer.from(kallsyms).toString('latin1').split('\n');
  const kept = lines.filter((line) => ASKED_FOR.has(LAST_WORD.exec(line)?.[1] ?? ''));
  return Buffer.from(`${kept.join('\n')}\n`, 'latin1');
}

function isAskedFor(name: string): name is KernelSymbol {
  return ASKED_FOR.has(name);
}
