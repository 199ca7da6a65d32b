// SPDX-License-Identifier: MIT
import {
  EFI_BOOT_SERVICES_CODE,
  EFI_BOOT_SERVICES_DATA,
  type EfiDescriptor,
} from '../memory/efi-memory-map.ts';
import { findParameter } from '../memory/kernel-cmdline.ts';
import { lowPages } from '../memory/page-map.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { physRange, rangeSize } from '../memory/phys-range.ts';
import { type LowMemory, type PageEvent, reserve, transfer } from './low-memory.ts';
import type { ModelInputs, Step } from './steps.ts';

/**
 * `efi_reserve_boot_services()` (arch/x86/platform/efi/quirks.c): boot services are kept until the
 * firmware has been told its virtual addresses. A range with any reserved byte in it is only tagged:
 * nothing more of it is reserved, and nothing is freed later. One that is not all RAM is reserved
 * and tagged: it is never freed.
 */
export const efiReserveBootServices: Step = (memory, inputs) => {
  const step = 'efi_reserve_boot_services';
  const why = 'the firmware may still use its boot services';
  let state = memory;
  for (const { range } of bootServices(inputs)) {
    const owners = lowPages(range).map((page) => state.pages[page]?.owner ?? 'free');
    if (owners.some((owner) => owner !== 'free' && owner !== 'firmware')) continue;
    state = reserve(state, range, { step, owner: 'boot-services', why });
    if (owners.includes('firmware')) continue;
    state = { ...state, bootServices: [...state.bootServices, range] };
  }
  return state;
};

/**
 * `efi_free_boot_services()` (arch/x86/platform/efi/quirks.c) up to v5.12: what was reserved for
 * boot services is free, whatever else the kernel has reserved below 1 MiB by then.
 */
export const efiFreeBootServices: Step = (memory, inputs) =>
  release(memory, inputs, {
    step: 'efi_free_boot_services',
    owner: 'free',
    why: 'boot services are over',
  });

/** The same from v5.13 on (Linux kernel commit f1d4d47c5851): what lies below 1 MiB is not freed. */
export const efiFreeBootServicesAbove1M: Step = (memory, inputs) =>
  release(memory, inputs, {
    step: 'efi_free_boot_services',
    owner: 'reserved',
    why: 'boot services are over, but the first 1 MiB is never freed',
  });

function release(memory: LowMemory, inputs: ModelInputs, event: PageEvent): LowMemory {
  // boot_services_* in debugfs show the ranges, and so they are kept (from v5.7).
  if (hasEfiOption(inputs, 'debug')) return memory;
  const state = memory.trampoline ? memory : trampolineQuirk(memory, inputs);
  return memory.bootServices.reduce(
    (before, range) => transfer(before, range, { event, from: 'boot-services' }),
    state,
  );
}

/**
 * The quirk of Linux kernel commit 5bc653b73182 ("x86/efi: Allocate a trampoline if needed in
 * efi_free_boot_services()"): a trampoline without a place takes the start of the highest range of
 * boot services that it fits in.
 */
function trampolineQuirk(memory: LowMemory, { trampolineSize }: ModelInputs): LowMemory {
  const size = Math.ceil(trampolineSize / PAGE_SIZE) * PAGE_SIZE;
  const found = memory.bootServices
    .toSorted((a, b) => b.start - a.start)
    .find((range) => range.start + size < SZ_1M && rangeSize(range) >= size);
  if (!found) return memory;
  const trampoline = physRange(found.start, found.start + size);
  const event: PageEvent = {
    step: 'efi_free_boot_services',
    owner: 'trampoline',
    why: 'no place was left, and this is the highest range of boot services that it fits in',
  };
  return { ...transfer(memory, trampoline, { event, from: 'boot-services' }), trampoline };
}

/** Boot services that begin below 1 MiB, in the order of the map. */
function bootServices(inputs: ModelInputs): EfiDescriptor[] {
  const isBootServices = ({ type }: EfiDescriptor): boolean =>
    type === EFI_BOOT_SERVICES_CODE || type === EFI_BOOT_SERVICES_DATA;
  if (!inputs.efiMap || !keepsEfiMap(inputs)) return [];
  return inputs.efiMap.filter((entry) => isBootServices(entry) && entry.range.start < SZ_1M);
}

/** Without runtime services the kernel gives up the map, and boot services are like any RAM. */
function keepsEfiMap(inputs: ModelInputs): boolean {
  return !hasEfiOption(inputs, 'noruntime') && !findParameter(inputs.cmdline, 'noefi');
}

function hasEfiOption({ cmdline }: ModelInputs, option: string): boolean {
  return findParameter(cmdline, 'efi')?.value?.split(',').includes(option) ?? false;
}
