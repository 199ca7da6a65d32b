// SPDX-License-Identifier: MIT
import type { BiosWords } from '../memory/bios-data-area.ts';
import type { E820Entry } from '../memory/e820.ts';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { findParameter } from '../memory/kernel-cmdline.ts';
import type { PhysRange } from '../memory/phys-range.ts';

/** A table of the firmware's that the kernel keeps for ever, in boot services data; or null. */
type KeptTable = PhysRange | null;

/** What a machine and its kernel were given, as far as it decides who owns low memory. */
export interface ModelInputs {
  readonly e820: readonly E820Entry[];
  /** As the firmware gave it; null on a machine without EFI. */
  readonly efiMap: readonly EfiDescriptor[] | null;
  readonly biosWords: BiosWords;
  readonly cmdline: string;
  /** Bytes from `real_mode_blob` to `real_mode_blob_end`; depends on the configuration. */
  readonly trampolineSize: number;
  /** What is reserved before the EFI map is looked at: kernel, initrd, setup_data, the map itself. */
  readonly earlyReservations: readonly PhysRange[];
  /** The tables for which the kernel calls `efi_mem_reserve()`, before (ESRT, MOK) and after. */
  readonly keptTables: {
    readonly esrt: KeptTable;
    readonly mokvar: KeptTable;
    readonly bgrt: KeptTable;
  };
  readonly setVirtualAddressMapFails: boolean;
  /** `snb_gfx_workaround_needed()`: Sandy Bridge graphics. */
  readonly sandyBridgeGraphics: boolean;
}

/** A machine without any of the rarer things. */
export const PLAIN_MACHINE = {
  biosWords: { ebdaSegment: 0, baseMemoryKiB: 0 },
  cmdline: '',
  trampolineSize: 0x7000,
  earlyReservations: [],
  keptTables: { esrt: null, mokvar: null, bgrt: null },
  setVirtualAddressMapFails: false,
  sandyBridgeGraphics: false,
} as const satisfies Partial<ModelInputs>;

/** Whether `efi=` names an option (`parse_efi_cmdline()`). */
export function hasEfiOption({ cmdline }: ModelInputs, option: string): boolean {
  return findParameter(cmdline, 'efi')?.value?.split(',').includes(option) ?? false;
}

/** Without runtime services the kernel gives up the EFI map, and boot services are like any RAM. */
export function keepsEfiMap(inputs: ModelInputs): boolean {
  return (
    inputs.efiMap !== null &&
    !hasEfiOption(inputs, 'noruntime') &&
    findParameter(inputs.cmdline, 'noefi') === undefined
  );
}

/** Whether there is any value of `crashkernel=`, which is all that early code asks. */
export function asksForCrashkernel({ cmdline }: ModelInputs): boolean {
  return (findParameter(cmdline, 'crashkernel')?.value ?? null) !== null;
}
