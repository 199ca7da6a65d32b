// SPDX-License-Identifier: MIT
/**
 * The two-phase policy (Andy Lutomirski, linux-kernel, 2021-04-12): what is available below 1 MiB is
 * reserved early as the pool; boot services join it when they are over; then every claimant takes
 * its share once, and what is left is freed.
 *
 * Decided here, where the proposal leaves it open: page 0, the first 64 KiB and the BIOS's own
 * memory never join the pool; the trampoline takes the highest pages, `movable_node` or not, as no
 * memblock is asked for them; one that fits nowhere is a panic, as ever; boot services that
 * `efi=debug` keeps serve the trampoline alone; whether there is a crashkernel is decided by its
 * reservation (`crashk_res`), not by the command line; the kernel's own early data below 1 MiB is
 * never given back.
 */
import { lowPages } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, pfn } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { crashkernelFit } from './crashkernel-fit.ts';
import { type LowMemory, type PageEvent, pagesOwnedBy, reserve, transfer } from './low-memory.ts';
import { type ModelInputs, asksForCrashkernel, hasEfiOption } from './model-inputs.ts';
import { stop, trampolineBytes } from './realmode.ts';
import type { Step } from './step.ts';

/** In place of the search of `reserve_real_mode()`: all that is free joins the pool. */
export const fillPool: Step = (memory) => {
  const event: PageEvent = {
    step: 'reserve_real_mode',
    owner: 'pool',
    why: 'reserved now, available later',
  };
  return reserve(memory, physRange(0, SZ_1M), event);
};

/** When boot services are over, their whole pages below 1 MiB join the pool. */
export const poolBootServices: Step = (memory, inputs) => {
  if (hasEfiOption(inputs, 'debug')) return memory;
  return transfer(memory, bootServicesPages(memory), {
    from: 'boot-services',
    event: {
      step: 'efi_unmap_boot_services',
      owner: 'pool',
      why: inputs.setVirtualAddressMapFails
        ? 'the firmware will not run again'
        : 'boot services are over',
    },
  });
};

/** The pages of boot services that are the kernel's to take. */
function bootServicesPages({ bootServices }: LowMemory): Pfn[] {
  return bootServices.filter(({ tagged }) => !tagged).flatMap(({ range }) => lowPages(range));
}

/** One who may take pages of the pool, once. */
type Claimant = (memory: LowMemory, inputs: ModelInputs) => LowMemory;

/** The claimants, in their order: each takes what it needs of what those before it have left. */
const CLAIMANTS: readonly Claimant[] = [claimTrampoline, claimForCrashkernel, claimForGraphics];

/** The one block in which all claims are made: `init_real_mode()`, before other CPUs are started. */
export const claimPool: Step = (memory, inputs) =>
  CLAIMANTS.reduce((state, claim) => claim(state, inputs), memory);

/** The highest pages that the trampoline fits in; boot services that are kept will do, too. */
function claimTrampoline(memory: LowMemory, inputs: ModelInputs): LowMemory {
  const length = trampolineBytes(inputs) / PAGE_SIZE;
  const kept = hasEfiOption(inputs, 'debug') ? bootServicesPages(memory) : [];
  const available = new Set<number>([...pagesOwnedBy(memory, 'pool'), ...kept]);
  const starts = [...available].toSorted((a, b) => b - a);
  const pagesFrom = (start: number): Pfn[] =>
    Array.from({ length }, (_, index) => pfn(start + index));
  const start = starts.find((page) => pagesFrom(page).every((other) => available.has(other)));
  if (start === undefined) {
    return stop(memory, 'init_real_mode', 'Real mode trampoline was not allocated');
  }
  const event: PageEvent = {
    step: 'claim_trampoline',
    owner: 'trampoline',
    why: 'the first claim: the highest pages that it fits in',
  };
  const pages = pagesFrom(start);
  const claimed = transfer(memory, pages, { event, from: 'pool' });
  const trampoline = physRange(start * PAGE_SIZE, (start + length) * PAGE_SIZE);
  return { ...transfer(claimed, pages, { event, from: 'boot-services' }), trampoline };
}

/** With a crashkernel all the rest is locked; one that has found no room claims nothing. */
function claimForCrashkernel(memory: LowMemory, inputs: ModelInputs): LowMemory {
  if (!hasCrashkernel(inputs)) return memory;
  const why = 'a crashkernel is reserved: it claims all the rest';
  return claimRest(memory, { step: 'claim_crashkernel', owner: 'lock', why });
}

/** `crashk_res`; of a machine whose memory is not known above 1 MiB: if one is asked for. */
function hasCrashkernel(inputs: ModelInputs): boolean {
  const knowsMemory = inputs.e820.some(({ range, ram }) => ram && range.end > SZ_1M);
  return knowsMemory ? crashkernelFit(inputs)?.fits === true : asksForCrashkernel(inputs);
}

/** Sandy Bridge graphics write where they must not. */
function claimForGraphics(memory: LowMemory, { sandyBridgeGraphics }: ModelInputs): LowMemory {
  if (!sandyBridgeGraphics) return memory;
  const why = 'Sandy Bridge graphics cannot use some pages';
  return claimRest(memory, { step: 'claim_snb_graphics', owner: 'reserved', why });
}

function claimRest(memory: LowMemory, event: PageEvent): LowMemory {
  return transfer(memory, pagesOwnedBy(memory, 'pool'), { event, from: 'pool' });
}

/** What nobody has claimed is freed, once the page allocator can take it. */
export const releasePool: Step = (memory) =>
  transfer(memory, pagesOwnedBy(memory, 'pool'), {
    from: 'pool',
    event: { step: 'release_pool', owner: 'free', why: 'nobody has claimed it' },
  });
