// SPDX-License-Identifier: MIT
import type { IomemEntry } from './iomem.ts';
import type { KernelSymbols } from './kallsyms.ts';
import type { KernelSymbol } from './kernel-symbols.ts';
import { PHYS_ADDR_LIMIT, type PhysAddr, physAddr } from './pfn.ts';

/** `__START_KERNEL_map`: where the kernel image is mapped without KASLR (arch/x86/include/asm/page_64_types.h). */
export const START_KERNEL_MAP = 0xffffffff80000000n;

/** No kernel image is mapped over more than this, in bytes (KERNEL_IMAGE_SIZE). */
export const KERNEL_IMAGE_SIZE = 1024n * 1024n * 1024n;

/**
 * Where a kernel symbol lies in physical memory: the kernel image is one piece, virtual from `_text` (`/proc/kallsyms`)
 * and physical from the start of "Kernel code" (`/proc/iomem`, `setup_arch()`). Undefined where these do not tell.
 */
export function imagePhys(
  symbols: KernelSymbols,
  iomem: readonly IomemEntry[],
  name: KernelSymbol,
): PhysAddr | undefined {
  const [address, text] = [symbols.get(name), symbols.get('_text')];
  const code = iomem.find((entry) => entry.name === 'Kernel code')?.range.start;
  if (address === undefined || text === undefined || code === undefined) return undefined;
  const offset = address - text;
  if (offset < 0n || offset >= KERNEL_IMAGE_SIZE) return undefined;
  const place = code + Number(offset);
  return place < PHYS_ADDR_LIMIT ? physAddr(place) : undefined;
}
