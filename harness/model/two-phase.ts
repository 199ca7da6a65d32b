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

/** In place of the search of `reserve_real_mode()`: all that is free joins the pool, then the first 1 MiB is reserved. */
export function reservePool(memory: LowMemory): LowMemory {
  const event: PageEvent = {
    step: 'reserve_real_mode',
    owner: 'pool',
    why: 'reserved now, available later',
  };
  const filled = transfer(memory, pagesOwnedBy(memory, 'free'), { event, from: 'free' });
  return reserve(filled, physRange(0, SZ_1M), event);
}

/**
 * If the reservation makes memblock's list grow, the list takes pages that are in the pool already. Whatever lies there
 * and is in no pool stays reserved from now on.
 */
export const fillPool: Step = (memory) => ({
  ...listInPool(reservePool(memory)),
  keepsLow: true,
});

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
export function bootServicesPages({ bootServices }: LowMemory): Pfn[] {
  return bootServices.filter(({ tagged }) => !tagged).flatMap(({ range }) => lowPages(range));
}

/** One who may take pages of the pool, once. */
type Claimant = (memory: LowMemory, inputs: ModelInputs) => LowMemory;

/** Who wants that nobody has any of what is left. */
interface RestClaimant {
  readonly wants: (inputs: ModelInputs) => boolean;
  readonly step: string;
  readonly why: string;
}

/** Those of every version of the series. */
export const REST_CLAIMANTS: readonly RestClaimant[] = [
  {
    wants: ({ sandyBridgeGraphics }) => sandyBridgeGraphics,
    step: 'claim_snb_graphics',
    why: 'Sandy Bridge graphics cannot use some pages',
  },
  {
    wants: ({ tdxHost }) => tdxHost,
    step: 'claim_tdx_host',
    why: 'the TDX module is not told of memory below 1 MiB',
  },
  {
    wants: ({ kexecHandover }) => kexecHandover,
    step: 'claim_kexec_handover',
    why: 'nothing below 1 MiB is handed over to the next kernel',
  },
];

/** Whether `low_pool=` has this value. */
export function hasLowPool({ cmdline }: Pick<ModelInputs, 'cmdline'>, wanted: string): boolean {
  return parseCmdline(cmdline).some(({ name, value }) => name === 'low_pool' && value === wanted);
}

const KEEP: RestClaimant = {
  wants: (inputs) => hasLowPool(inputs, 'keep'),
  step: 'claim_command_line',
  why: 'low_pool=keep is on the command line',
};

/**
 * The one block in which all claims are made, `init_real_mode()`, before other CPUs are started. In order: each claimant
 * takes what it needs of what those before it have left.
 */
export function claims(first: Claimant, rest: readonly RestClaimant[]): Step {
  const claimants = [
    first,
    claimForCrashkernel,
    ...rest.map(({ wants, step, why }): Claimant => {
      return (memory, inputs) =>
        wants(inputs) ? claimRest(memory, { step, owner: 'reserved', why }) : memory;
    }),
  ];
  return (memory, inputs) => claimants.reduce((state, claim) => claim(state, inputs), memory);
}

/** See `claims`. */
export const claimPool = claims(
  (memory, inputs) =>
    claimTrampoline(memory, inputs, [
      [...pagesOwnedBy(memory, 'pool'), ...keptPages(memory, inputs)],
    ]),
  [...REST_CLAIMANTS, KEEP],
);

/** Boot services that `efi=debug` keeps will do for the trampoline, too. */
export function keptPages(memory: LowMemory, inputs: ModelInputs): Pfn[] {
  return hasEfiOption(inputs, 'debug') ? bootServicesPages(memory) : [];
}

/** The highest run of pages that the trampoline fits in, in the first of `places` that has one. */
export function claimTrampoline(
  memory: LowMemory,
  inputs: ModelInputs,
  places: readonly (readonly Pfn[])[],
): LowMemory {
  const length = trampolineBytes(inputs) / PAGE_SIZE;
  const pages = places.map((place) => highestRun(place, length)).find((run) => run !== undefined);
  const [start] = pages ?? [];
  if (pages === undefined || start === undefined) {
    return stop(memory, 'init_real_mode', 'Real mode trampoline was not allocated');
  }
  const event: PageEvent = {
    step: 'claim_trampoline',
    owner: 'trampoline',
    why: 'the first claim: the highest pages that it fits in',
  };
  const claimed = transfer(memory, pages, { event, from: 'pool' });
  const trampoline = physRange(start * PAGE_SIZE, (start + length) * PAGE_SIZE);
  return overwrite({ ...transfer(claimed, pages, { event, from: 'boot-services' }), trampoline });
}

function highestRun(pages: readonly Pfn[], length: number): Pfn[] | undefined {
  const available = new Set<number>(pages);
  return [...available]
    .toSorted((a, b) => b - a)
    .map((start) => Array.from({ length }, (_, index) => pfn(start + index)))
    .find((run) => run.every((page) => available.has(page)));
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
