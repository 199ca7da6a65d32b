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
import { parseCmdline } from '../memory/kernel-cmdline.ts';
import { lowPages } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, pfn } from '../memory/pfn.ts';
import { intersects, physRange } from '../memory/phys-range.ts';
import { crashkernelFit } from './crashkernel-fit.ts';
import { type LowMemory, type PageEvent, pagesOwnedBy, transfer } from './low-memory.ts';
import { reserve } from './memblock.ts';
import { type ModelInputs, asksForCrashkernel, hasEfiOption } from './model-inputs.ts';
import { stop, trampolineBytes } from './realmode.ts';
import type { Step } from './step.ts';

/**
 * In place of the search of `reserve_real_mode()`: all that is free joins the pool, then the first 1 MiB is reserved.
 * If that makes memblock's list grow, the list takes pages that are in the pool already. Whatever lies there and is
 * in no pool stays reserved from now on.
 */
export const fillPool: Step = (memory) => {
  const event: PageEvent = {
    step: 'reserve_real_mode',
    owner: 'pool',
    why: 'reserved now, available later',
  };
  const filled = transfer(memory, pagesOwnedBy(memory, 'free'), { event, from: 'free' });
  const reserved = reserve(filled, physRange(0, SZ_1M), event);
  return { ...listInPool(reserved), keepsLow: true };
};

/** The history of pages of the pool in which memblock's list lies, too. */
function listInPool(memory: LowMemory): LowMemory {
  const { place } = memory.arrays.reserved;
  const pages = place ? lowPages(place) : [];
  const step = 'memblock_double_array';
  const list = { step, owner: 'kernel', why: "memblock's list lies here" } as const;
  const back = { step, owner: 'pool', why: 'and it was in the pool already' } as const;
  const inPool = pages.filter((page) => memory.pages[page]?.owner === 'pool');
  const taken = transfer(memory, inPool, { event: list, from: 'pool' });
  return transfer(taken, inPool, { event: back, from: 'kernel' });
}

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
const CLAIMANTS: readonly Claimant[] = [
  claimTrampoline,
  claimForCrashkernel,
  ...[
    {
      wants: ({ sandyBridgeGraphics }: ModelInputs) => sandyBridgeGraphics,
      step: 'claim_snb_graphics',
      why: 'Sandy Bridge graphics cannot use some pages',
    },
    {
      wants: ({ tdxHost }: ModelInputs) => tdxHost,
      step: 'claim_tdx_host',
      why: 'the TDX module is not told of memory below 1 MiB',
    },
    {
      wants: ({ kexecHandover }: ModelInputs) => kexecHandover,
      step: 'claim_kexec_handover',
      why: 'nothing below 1 MiB is handed over to the next kernel',
    },
    {
      wants: ({ cmdline }: ModelInputs) =>
        parseCmdline(cmdline).some(({ name, value }) => name === 'low_pool' && value === 'keep'),
      step: 'claim_command_line',
      why: 'low_pool=keep is on the command line',
    },
  ].map(({ wants, step, why }): Claimant => {
    return (memory, inputs) =>
      wants(inputs) ? claimRest(memory, { step, owner: 'reserved', why }) : memory;
  }),
];

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
  return overwrite({ ...transfer(claimed, pages, { event, from: 'boot-services' }), trampoline });
}

/**
 * A trampoline that is copied over memblock's list (`setup_real_mode()`): the kernel dies of it when it walks the list,
 * in `page_alloc_init_late()`.
 */
function overwrite(memory: LowMemory): LowMemory {
  const { trampoline, arrays } = memory;
  const hits = Object.values(arrays).some(
    ({ place }) => place !== null && trampoline !== null && intersects(place, trampoline),
  );
  if (!hits || memory.panic) return memory;
  const orHangs = 'corruption';
  return {
    ...memory,
    panic: { step: 'setup_real_mode', line: 'Oops', orBefore: 'BUG: ', orHangs },
  };
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

function claimRest(memory: LowMemory, event: PageEvent): LowMemory {
  return transfer(memory, pagesOwnedBy(memory, 'pool'), { event, from: 'pool' });
}

/** What nobody has claimed is freed, once the page allocator can take it. */
export const releasePool: Step = (memory) =>
  transfer(memory, pagesOwnedBy(memory, 'pool'), {
    from: 'pool',
    event: { step: 'release_pool', owner: 'free', why: 'nobody has claimed it' },
  });
