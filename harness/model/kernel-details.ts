// SPDX-License-Identifier: MIT
import { meetsCondition, parseKernelCondition } from '../kernel-condition.ts';

/** What differs between kernels of one policy, as far as it decides who owns low memory. */
export type KernelDetails = Readonly<Record<keyof typeof DETAILS, boolean>>;

interface Detail {
  readonly is: string;
  /** Conditions on a kernel's version, for what nothing that a bundle keeps shows. */
  readonly releases: readonly string[];
}

/** Each detail, the commit that brought it, and the releases that have it. */
const DETAILS = {
  debugKeepsBootServices: {
    is: '`efi=debug` keeps boot services ("efi: Export boot-services code and data as debugfs-blobs", v5.7)',
    releases: ['5.7..'],
  },
  hearsEfiRuntime: {
    is: '`efi=runtime` turns runtime services on again ("efi: Allow efi=runtime", v5.16)',
    releases: ['5.16..'],
  },
  mirrorsOnRequest: {
    is: 'memblock prefers mirrored memory only with `kernelcore=mirror` (902c2d91582c, v6.0)',
    releases: ['6.0..'],
  },
  copiesMemmap: {
    is: 'efi_mem_reserve() splits the EFI memory map, which takes a copy ("efi: Allow drivers to reserve boot services forever", 816e76129ed5, v4.9)',
    releases: ['4.9..'],
  },
  freesMemmapCopy: {
    is: 'a copy of the EFI memory map is freed once there is another (f0ef6523475f, v5.6)',
    releases: ['5.6..'],
  },
  keepsLateMemmap: {
    is: 'efi_memmap_init_late() frees no copy: it maps the same one (75dde792d6f6, v6.10, and its backports)',
    releases: ['5.10.221..5.10', '5.15.162..5.15', '6.1.96..6.1', '6.6.36..6.6', '6.9.7..'],
  },
  sizesMemoryRegions: {
    is: 'an architecture sizes memblock.memory, too (`INIT_MEMBLOCK_MEMORY_REGIONS`: in 6.1, not in 5.10)',
    releases: ['6.1..'],
  },
  marksKern: {
    is: 'memblock marks what is the kernel\'s own ("memblock: add MEMBLOCK_RSRV_KERN flag", v6.16)',
    releases: ['6.16..'],
  },
  marksScratch: {
    is: 'memory below 1 MiB is scratch for a while (`memblock_mark_kho_scratch()`, a2daf83e1037, v6.16)',
    releases: ['6.16..'],
  },
  marksTables: {
    is: 'efi_mem_reserve() marks tables as the kernel\'s own ("efi: Tag memblock reservations of boot services regions as RSRV_KERN", posted 2026-03-06; in 7.2)',
    releases: ['7.2..'],
  },
} as const satisfies Record<string, Detail>;

/** The details of a kernel by its release, such as `6.12.117-amd64`. */
export function detailsOfRelease(release: string): KernelDetails {
  const entries = Object.entries(DETAILS) as [keyof typeof DETAILS, Detail][];
  const has = entries.map(([name, { releases }]) => [name, releases.some(isMet(release))] as const);
  return Object.fromEntries(has) as KernelDetails;
}

function isMet(release: string): (text: string) => boolean {
  return (text) => {
    const condition = parseKernelCondition(text);
    return condition !== undefined && meetsCondition(condition, release);
  };
}
