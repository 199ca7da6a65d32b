// SPDX-License-Identifier: MIT
import type { BiosWords } from '../memory/bios-data-area.ts';
import type { E820Entry } from '../memory/e820.ts';
import type { EfiDescriptor } from '../memory/efi-memory-map.ts';
import { type KernelParameter, parseCmdline } from '../memory/kernel-cmdline.ts';
import type { PhysRange } from '../memory/phys-range.ts';
import type { KernelDetails } from './kernel-details.ts';
import type { MemblockRegions } from './memblock-regions.ts';

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
  /**
   * `memblock.reserved` above 1 MiB at the end of `e820__memblock_setup()`, as `memblock=debug` tells; null if it is not
   * told: a kernel reserves more than can be known of it otherwise.
   */
  readonly reservedAbove1M: MemblockRegions | null;
  /** Null: those of a typical kernel of the policy. */
  readonly kernel: KernelDetails | null;
  /** `CONFIG_EFI_DISABLE_RUNTIME`: no runtime services unless `efi=runtime` asks for them. */
  readonly disablesRuntime: boolean;
  /** Bytes from 0 that `setup_bios_corruption_check()` looks at; 0 if it does not. */
  readonly corruptionCheckSize: number;
  /** Whether the machine can be a TDX host, or the kernel hands memory over (`kho_is_enabled()`): who claims low memory. */
  readonly tdxHost: boolean;
  /** CONFIG_MEMORY_HOTPLUG: without it `movable_node` means nothing. */
  readonly hotplugsMemory: boolean;
  readonly kexecHandover: boolean;
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
  reservedAbove1M: null,
  kernel: null,
  disablesRuntime: false,
  corruptionCheckSize: 0,
  tdxHost: false,
  hotplugsMemory: true,
  kexecHandover: false,
  sandyBridgeGraphics: false,
} as const satisfies Partial<ModelInputs>;

/** Whether any `efi=` names an option (`parse_efi_cmdline()`): they add up. */
export function hasEfiOption({ cmdline }: Pick<ModelInputs, 'cmdline'>, option: string): boolean {
  return parseCmdline(cmdline).some((parameter) => namesEfiOption(parameter, option));
}

function namesEfiOption({ name, value }: KernelParameter, option: string): boolean {
  return name === 'efi' && value !== null && value.split(',').includes(option);
}

type RuntimeInputs = Pick<ModelInputs, 'cmdline' | 'disablesRuntime' | 'efiMap' | 'kernel'>;

/** Without runtime services the kernel gives up the EFI map, and boot services are like any RAM. */
export function keepsEfiMap(inputs: RuntimeInputs): boolean {
  return inputs.efiMap !== null && !isRuntimeDisabled(inputs);
}

/**
 * `efi_runtime_disabled()`. Within one `efi=`, `runtime` comes last (`parse_efi_cmdline()`). A kernel whose
 * configuration disables runtime services hears it, too, however old.
 */
function isRuntimeDisabled({ cmdline, disablesRuntime, kernel }: RuntimeInputs): boolean {
  const hearsRuntime = disablesRuntime || kernel?.hearsEfiRuntime === true;
  return parseCmdline(cmdline).reduce((disabled, parameter) => {
    if (hearsRuntime && namesEfiOption(parameter, 'runtime')) return false;
    return parameter.name === 'noefi' || namesEfiOption(parameter, 'noruntime') || disabled;
  }, disablesRuntime);
}

/**
 * Whether there is any value of `crashkernel=`, which is all that early code asks: `cmdline_find_option()` looks
 * behind `--`, too.
 */
export function asksForCrashkernel({ cmdline }: Pick<ModelInputs, 'cmdline'>): boolean {
  return /(?:^|\s)crashkernel=/.test(cmdline);
}
