// SPDX-License-Identifier: MIT
import { FormatError } from '../errors.ts';
import { PAGE_SIZE, PHYS_ADDR_LIMIT, type PhysAddr, physAddr } from './pfn.ts';
import { type PhysRange, physRange } from './phys-range.ts';

/** `EFI_MEMORY_TYPE`s that decide who owns low memory (UEFI specification 2.10, section 7.2). */
export const EFI_RESERVED_TYPE = 0;
export const EFI_BOOT_SERVICES_CODE = 3;
export const EFI_BOOT_SERVICES_DATA = 4;
export const EFI_CONVENTIONAL_MEMORY = 7;

/** Attributes that do (same section). */
export const EFI_MEMORY_RUNTIME = 1n << 63n;
export const EFI_MEMORY_SP = 1n << 18n;
export const EFI_MEMORY_MORE_RELIABLE = 1n << 16n;

/** One entry of the EFI memory map (`EFI_MEMORY_DESCRIPTOR`). */
export interface EfiDescriptor {
  readonly type: number;
  readonly range: PhysRange;
  /** As the kernel left it: the kernel marks boot services that it keeps with `EFI_MEMORY_RUNTIME`. */
  readonly attribute: bigint;
}

/** Whether it is memory of boot services. */
export function isBootServices({ type }: Pick<EfiDescriptor, 'type'>): boolean {
  return type === EFI_BOOT_SERVICES_CODE || type === EFI_BOOT_SERVICES_DATA;
}

/** Where the EFI stub put the memory map that `ExitBootServices` was called with. */
export interface EfiMapLocation {
  readonly address: PhysAddr;
  /** Bytes. */
  readonly size: number;
  /** Bytes from one descriptor to the next; firmware may leave a gap. */
  readonly descriptorSize: number;
}

/** `struct boot_params`: where `efi_info` lies in it (Documentation/arch/x86/zero-page.rst). */
const EFI_INFO = 0x1c0;
const EFI_INFO_SIZE = 32;
/** `EFI64_LOADER_SIGNATURE`, "EL64". */
const SIGNATURE = 0x34_36_4c_45;

/** Bytes of an `EFI_MEMORY_DESCRIPTOR`. */
const DESCRIPTOR_SIZE = 40;
/** More than any firmware needs, in bytes: some 6,000 descriptors. */
const MAP_LIMIT = 256 * 1024;

/**
 * Reads `efi_info` of `/sys/kernel/boot_params/data`: undefined on a kernel that was not booted by
 * 64-bit EFI. Throws `FormatError` for a page that is cut short, or an impossible map.
 */
export function readEfiMapLocation(bootParams: Uint8Array): EfiMapLocation | undefined {
  if (bootParams.length < EFI_INFO + EFI_INFO_SIZE) {
    const expected = EFI_INFO + EFI_INFO_SIZE;
    throw new FormatError(
      `Cannot read boot_params: expected ${expected} bytes, found ${bootParams.length}`,
    );
  }
  const word = words(bootParams, EFI_INFO);
  if (word(0) !== SIGNATURE) return undefined;
  const [descriptorSize, size] = [word(2), word(5)];
  const address = word(4) + word(7) * 2 ** 32;
  const isMap = descriptorSize >= DESCRIPTOR_SIZE && size >= descriptorSize && size <= MAP_LIMIT;
  if (!isMap || address > PHYS_ADDR_LIMIT - MAP_LIMIT) {
    throw new FormatError(
      `Cannot read efi_info: expected an EFI memory map, found ${size} bytes of descriptors of ${descriptorSize} bytes`,
    );
  }
  return { address: physAddr(address), size, descriptorSize };
}

/**
 * Reads descriptors from the kernel's memory, in their order and as the firmware gave them. Throws
 * `FormatError` for a map that is cut short or impossible.
 */
export function readEfiMemoryMap(bytes: Uint8Array, descriptorSize: number): EfiDescriptor[] {
  if (bytes.length > MAP_LIMIT) {
    throw new FormatError(
      `Cannot read the EFI memory map: expected at most ${MAP_LIMIT} bytes, found ${bytes.length}`,
    );
  }
  const count = Math.floor(bytes.length / descriptorSize);
  if (count === 0 || bytes.length % descriptorSize !== 0) {
    throw new FormatError(
      `Cannot read the EFI memory map: expected descriptors of ${descriptorSize} bytes, found ${bytes.length} bytes`,
    );
  }
  const descriptors = Array.from({ length: count }, (_, index) => {
    const view = new DataView(
      bytes.buffer,
      bytes.byteOffset + index * descriptorSize,
      DESCRIPTOR_SIZE,
    );
    const start = view.getBigUint64(8, true);
    const end = start + view.getBigUint64(24, true) * BigInt(PAGE_SIZE);
    if (end > BigInt(PHYS_ADDR_LIMIT)) {
      throw new FormatError(
        `Cannot read the EFI memory map: descriptor ${index} ends at 0x${end.toString(16)}, beyond 52 bits`,
      );
    }
    return {
      type: view.getUint32(0, true),
      range: physRange(Number(start), Number(end)),
      attribute: view.getBigUint64(32, true),
    };
  });
  return unmergeRegions(descriptors);
}

/**
 * Undoes `efi_merge_regions()` (arch/x86/platform/efi/efi.c): among neighbours of one type and
 * attribute it extends the first over all of them, and leaves the others within it as reserved without
 * an attribute.
 */
function unmergeRegions(descriptors: readonly EfiDescriptor[]): EfiDescriptor[] {
  const given: EfiDescriptor[] = [];
  let first: EfiDescriptor | undefined;
  for (const entry of descriptors) {
    const before = given.pop();
    if (before && first && isMergedInto(first, entry) && before.range.start < entry.range.start) {
      const { type, attribute } = first;
      given.push({ ...before, range: physRange(before.range.start, entry.range.start) });
      given.push({ type, attribute, range: entry.range });
    } else {
      if (before) given.push(before);
      given.push(entry);
      first = entry;
    }
  }
  return given;
}

function isMergedInto(first: EfiDescriptor, { type, range, attribute }: EfiDescriptor): boolean {
  const isWithin = first.range.start < range.start && range.end <= first.range.end;
  return type === EFI_RESERVED_TYPE && attribute === 0n && isWithin;
}

/** The 32-bit words from `offset` on. */
function words(bytes: Uint8Array, offset: number): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (index) => view.getUint32(offset + 4 * index, true);
}
