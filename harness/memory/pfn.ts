// SPDX-License-Identifier: MIT

declare const brand: unique symbol;

/** A physical address in bytes: at most 52 bits, so a `number` holds it exactly. */
export type PhysAddr = number & { readonly [brand]: 'PhysAddr' };

/** A page frame number: a physical address divided by `PAGE_SIZE`. */
export type Pfn = number & { readonly [brand]: 'Pfn' };

/** A kernel virtual address. */
export type VirtAddr = bigint & { readonly [brand]: 'VirtAddr' };

/** Bytes in a page (x86-64). */
export const PAGE_SIZE = 0x1000;

/** The address that this project is about: 1 MiB, in bytes. */
export const SZ_1M = 0x10_0000;

/** Pages below 1 MiB. */
export const LOW_PAGES = 256;

/** One past the highest physical address, in bytes. */
export const PHYS_ADDR_LIMIT = 2 ** 52;

/** Takes a number as a physical address. One beyond 52 bits is our bug: throws `RangeError`. */
export function physAddr(value: number): PhysAddr {
  if (!Number.isInteger(value) || value < 0 || value > PHYS_ADDR_LIMIT) {
    throw new RangeError(`Not a physical address: ${value}`);
  }
  return value as PhysAddr;
}

/** Takes a number as a page frame number. */
export function pfn(value: number): Pfn {
  return value as Pfn;
}

/** Takes a 64-bit value as a kernel virtual address. */
export function virtAddr(value: bigint): VirtAddr {
  return BigInt.asUintN(64, value) as VirtAddr;
}

/** The address as the kernel's tools print it: `0x9f000`. */
export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
