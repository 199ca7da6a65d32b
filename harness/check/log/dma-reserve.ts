// SPDX-License-Identifier: MIT
import { EFI_BOOT_SERVICES_CODE, EFI_BOOT_SERVICES_DATA } from '../../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { rangeSet, without } from '../../memory/range-set.ts';
import { type ModelInputs, keepsEfiMap } from '../../model/model-inputs.ts';
import type { Owner } from '../../model/owners.ts';
import type { Prediction } from '../../model/prediction.ts';

/** `MAX_DMA_PFN`, in bytes. */
const DMA_END = 16 * SZ_1M;

/** Who has no RAM that counts (`trim_bios_range()`), and who leaves it free. */
const NOT_COUNTED: ReadonlySet<Owner> = new Set(['firmware', 'page0', 'free']);

/**
 * The pages below 16 MiB that are reserved when `memblock_find_dma_reserve()` (arch/x86/mm/init.c) counts them, at the
 * end of `setup_arch()`: "DMA zone: N pages reserved" (in logs from 3.8 to 5.13). Above 1 MiB these are boot services, and what the
 * kernel was loaded with.
 */
export function reservedDmaPages(inputs: ModelInputs, prediction: Prediction): number {
  const low = prediction.moments.early.filter((owner) => !NOT_COUNTED.has(owner)).length;
  const boot = keepsEfiMap(inputs) ? (inputs.efiMap ?? []) : [];
  const kept = boot.filter(
    ({ type }) => type === EFI_BOOT_SERVICES_CODE || type === EFI_BOOT_SERVICES_DATA,
  );
  const high = [...kept.map(({ range }) => range), ...inputs.earlyReservations].flatMap(aboveLow);
  const [ram, other] = [true, false].map((wanted) =>
    inputs.e820.filter((entry) => entry.ram === wanted).map(({ range }) => range),
  );
  const all = without(rangeSet(ram ?? []), other ?? []).flatMap(aboveLow);
  return low + pagesIn(all) - pagesIn(without(all, high));
}

function aboveLow({ start, end }: PhysRange): PhysRange[] {
  const [from, to] = [Math.max(start, SZ_1M), Math.min(end, DMA_END)];
  return from < to ? [physRange(from, to)] : [];
}

/** Whole pages. */
function pagesIn(ranges: readonly PhysRange[]): number {
  return ranges.reduce((sum, { start, end }) => {
    const pages = Math.floor(end / PAGE_SIZE) - Math.ceil(start / PAGE_SIZE);
    return sum + Math.max(pages, 0);
  }, 0);
}
