// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { KERNEL_SYMBOLS, type KernelSymbol } from './kernel-symbols.ts';
import { type VirtAddr, virtAddr } from './pfn.ts';
import { linesOf } from './text-lines.ts';

/** The addresses of the symbols that a kernel has. Only what is in `KERNEL_SYMBOLS` can be asked for. */
export type KernelSymbols = ReadonlyMap<KernelSymbol, VirtAddr>;

/**
 * A symbol of the kernel image: one of a module has the module's name behind it. ThinLTO makes a static symbol global
 * that another file came to use, and gives it a unique name (`efi_unmap_boot_services.llvm.7823`).
 */
const LINE = /^([0-9a-f]{1,16}) [A-Za-z] (\S+?)(?:\.llvm\.\d+)?$/;

/** Several times what any kernel has; a name is at most KSYM_NAME_LEN, 512 characters. */
const LIMITS = { lines: 1024 * 1024, length: 1024 };

/** Lines that are kept, at most: of each symbol a few. */
const KEPT_LINES = 1024;

const ASKED_FOR: ReadonlySet<string> = new Set(KERNEL_SYMBOLS);

/**
 * Reads `/proc/kallsyms`; of several symbols with one name the first. Throws `FormatError` if it
 * has no symbol at all.
 */
export function parseKallsyms(text: string): KernelSymbols {
  const symbols = new Map<KernelSymbol, VirtAddr>();
  let lines = 0;
  for (const line of linesOf(text, LIMITS)) {
    const [, address = '', name = ''] = LINE.exec(line) ?? [];
    if (name !== '') lines += 1;
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
  const kept: string[] = [];
  for (const line of linesOf(Buffer.from(kallsyms).toString('latin1'), LIMITS)) {
    if (ASKED_FOR.has(LINE.exec(line)?.[2] ?? '')) kept.push(line);
    if (kept.length === KEPT_LINES) break;
  }
  return Buffer.from(`${kept.join('\n')}\n`, 'latin1');
}

function isAskedFor(name: string): name is KernelSymbol {
  return ASKED_FOR.has(name);
}
