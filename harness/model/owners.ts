// SPDX-License-Identifier: MIT

/** Every owner that a page can have: its symbol in a page map, and what it is. */
export const OWNERS = {
  firmware: { symbol: 'f', is: 'firmware: no RAM in the map that the kernel works from' },
  page0: { symbol: '0', is: 'page 0: taken off the map, it belongs to the BIOS' },
  bios: { symbol: 'b', is: "the BIOS's old habits: the first 64 KiB, its data area up to 640 KiB" },
  'boot-services': {
    symbol: 's',
    is: "the firmware's boot services, which the kernel keeps although they are over",
  },
  kernel: {
    symbol: 'k',
    is: "the kernel's own early data: what it was loaded with, copies, tables",
  },
  trampoline: { symbol: 'T', is: 'the real-mode trampoline, for starting CPUs' },
  lock: { symbol: 'L', is: 'the lock: kept from the system kernel because of crashkernel=' },
  reserved: { symbol: 'r', is: 'the kernel, which reserves the first 1 MiB for ever' },
  pool: { symbol: 'p', is: 'the pool: reserved now, available later' },
  undecided: {
    symbol: 'u',
    is: 'undecided: it depends on how many ranges memblock has reserved, which memblock=debug tells',
  },
  free: { symbol: '.', is: 'nobody: free for the page allocator' },
} as const;

/** Who owns a page. */
export type Owner = keyof typeof OWNERS;

/** Whether a page with that owner is RAM to the kernel (`memblock.memory`). */
export function isRam(owner: Owner): boolean {
  return owner !== 'firmware' && owner !== 'page0';
}
