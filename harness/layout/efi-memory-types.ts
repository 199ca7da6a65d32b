// SPDX-License-Identifier: MIT
import type { E820Entry } from '../memory/e820.ts';
import { EFI_MEMORY_SP, type EfiDescriptor } from '../memory/efi-memory-map.ts';

interface EfiMemoryType {
  /** In a layout: as the UEFI specification names it, shortened. */
  readonly name: string;
  /** What `efi_md_typeattr_format()` prints: since v5.7, and before. */
  readonly printed: readonly string[];
  /** Whether `setup_e820()` of the EFI stub (drivers/firmware/efi/libstub/x86-stub.c) makes it RAM. */
  readonly ram: boolean;
}

/** Every `EFI_MEMORY_TYPE` by its number (UEFI specification 2.10, section 7.2). */
export const EFI_MEMORY_TYPES: readonly EfiMemoryType[] = [
  { name: 'Reserved', printed: ['Reserved'], ram: false },
  { name: 'LoaderCode', printed: ['Loader Code'], ram: true },
  { name: 'LoaderData', printed: ['Loader Data'], ram: true },
  { name: 'BootServicesCode', printed: ['Boot Code'], ram: true },
  { name: 'BootServicesData', printed: ['Boot Data'], ram: true },
  { name: 'RuntimeServicesCode', printed: ['Runtime Code'], ram: false },
  { name: 'RuntimeServicesData', printed: ['Runtime Data'], ram: false },
  { name: 'Conventional', printed: ['Conventional', 'Conventional Memory'], ram: true },
  { name: 'Unusable', printed: ['Unusable', 'Unusable Memory'], ram: false },
  { name: 'ACPIReclaim', printed: ['ACPI Reclaim', 'ACPI Reclaim Memory'], ram: false },
  { name: 'ACPINVS', printed: ['ACPI Mem NVS', 'ACPI Memory NVS'], ram: false },
  { name: 'MMIO', printed: ['MMIO', 'Memory Mapped I/O'], ram: false },
  { name: 'MMIOPort', printed: ['MMIO Port', 'MMIO Port Space'], ram: false },
  { name: 'PalCode', printed: ['PAL Code'], ram: false },
  { name: 'Persistent', printed: ['Persistent', 'Persistent Memory'], ram: false },
  { name: 'Unaccepted', printed: ['Unaccepted'], ram: true },
];

/**
 * The e820 map that the EFI stub makes from an EFI memory map. Memory that is set aside for a purpose (`EFI_MEMORY_SP`) is
 * soft-reserved, unless the kernel is configured or told not to (CONFIG_EFI_SOFT_RESERVE, `efi=nosoftreserve`).
 */
export function e820FromEfiMap(efiMap: readonly EfiDescriptor[], softReserves = true): E820Entry[] {
  return efiMap.map(({ type, range, attribute }) => {
    const isRam = EFI_MEMORY_TYPES[type]?.ram ?? false;
    const isSetAside = softReserves && (attribute & EFI_MEMORY_SP) !== 0n;
    return { range, ram: isRam && !isSetAside };
  });
}
