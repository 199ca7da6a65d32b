// SPDX-License-Identifier: MIT
import { type PhysAddr, physAddr } from './pfn.ts';

/** No kernel image is mapped over more than this, in bytes (KERNEL_IMAGE_SIZE). */
const KERNEL_IMAGE_SIZE = 1024n * 1024n * 1024n;

/**
 * Where a kernel symbol lies in physical memory: the kernel image is one piece, virtual from `_text` (`/proc/kallsyms`)
 * and physical from the start of "Kernel code" (`/proc/iomem`, `setup_arch()`). Undefined where these do not tell.
 */
export function imagePhys(
  symbols: ReadonlyMap<string, bigint>,
  iomem: string,
  name: string,
): PhysAddr | undefined {
  const [address, text] = [symbols.get(name), symbols.get('_text')];
  const code = /^\s*([0-9a-f]{8,12})-[0-9a-f]+ : Kernel code$/m.exec(iomem)?.[1];
  if (address === undefined || text === undefined || code === undefined) return undefined;
  const offset = address - text;
  if (offset < 0n || offset >= KERNEL_IMAGE_SIZE) return undefined;
  return physAddr(Number.parseInt(code, 16) + Number(offset));
}
