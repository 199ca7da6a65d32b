// SPDX-License-Identifier: MIT
/** Builds what machines give the model, for tests; and shows what it makes of them. */
import type { E820Entry } from '../../memory/e820.ts';
import { EFI_BOOT_SERVICES_DATA, type EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { renderPages } from '../../memory/page-map.ts';
import { SZ_1M, pfn } from '../../memory/pfn.ts';
import { physRange } from '../../memory/phys-range.ts';
import { type KernelDetails, detailsOfRelease } from '../kernel-details.ts';
import { POLICIES } from '../policies.ts';
import type { PolicyId } from '../../policy-id.ts';
import { OWNERS, type Owner } from '../owners.ts';
import type { Prediction } from '../prediction.ts';
import { type ModelInputs, PLAIN_MACHINE } from '../model-inputs.ts';

export const ram = (start: number, end: number): E820Entry => ({
  range: physRange(start, end),
  ram: true,
});
export const taken = (start: number, end: number): E820Entry => ({
  range: physRange(start, end),
  ram: false,
});

export const descriptor = (type: number, start: number, end: number): EfiDescriptor => ({
  type,
  range: physRange(start, end),
  attribute: 0xfn,
});
export const bootData = (start: number, end: number): EfiDescriptor =>
  descriptor(EFI_BOOT_SERVICES_DATA, start, end);

/** OVMF's map with Debian's 6.12 kernel (5.10: 0x5244 bytes of trampoline). */
export const STOCK: ModelInputs = {
  ...PLAIN_MACHINE,
  e820: [ram(0, 0xa0000), ram(SZ_1M, 0x4000_0000)],
  efiMap: [],
  cmdline: 'console=ttyS0 panic=-1',
  trampolineSize: 0x6264,
};
/** The details of the kernel that stands for a policy. */
export function kernelOf(policy: PolicyId): KernelDetails {
  return detailsOfRelease(POLICIES[policy].typicalRelease);
}
export const STOCK_5_10 = { ...STOCK, trampolineSize: 0x5244 };

/** The map of the thread of 2021. */
export const THREAD_2021 = [bootData(0x10000, 0x14000), bootData(0x63000, 0x8f000)];
/** Its firmware's own memory begins at 0x2c000. */
export const LOW_EBDA = { ...STOCK, biosWords: { ebdaSegment: 0x2c00, baseMemoryKiB: 0 } };

export function pagesOf({ pages }: Prediction): Partial<Record<Owner, string>> {
  const owners = Object.keys(OWNERS) as Owner[];
  const runs = owners.map((owner) => {
    const owned = pages.flatMap((fate, page) => (fate.owner === owner ? [pfn(page)] : []));
    return [owner, renderPages(owned).join(',')] as const;
  });
  return Object.fromEntries(runs.filter(([, text]) => text !== ''));
}
