// SPDX-License-Identifier: MIT
/**
 * The second version of the two-phase series (`images/patches/two-phase-v2/`), where it differs from the first: memblock
 * has room for 1,024 regions; what its arrays come to lie in leaves the pool; the trampoline takes what was boot services
 * only if there is no other place; what nobody claims is freed only if `low_pool=release` asks for it.
 */
import { lowPages } from '../memory/page-map.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { without } from '../memory/range-set.ts';
import { type LowMemory, pagesOwnedBy, transfer } from './low-memory.ts';
import type { Step } from './step.ts';
import {
  REST_CLAIMANTS,
  bootServicesPages,
  claimTrampoline,
  claims,
  hasLowPool,
  keptPages,
  poolBootServices,
  releasePool,
  reservePool,
} from './two-phase.ts';

/** `INIT_MEMBLOCK_RESERVED_REGIONS` and, where a kernel has that, `INIT_MEMBLOCK_MEMORY_REGIONS`. */
const REGIONS = { max: 1024, place: null } as const;

/** "x86/mm: Give memblock room for 1024 regions". */
export const roomForRegions: Step = (memory, { kernel }) => ({
  ...memory,
  arrays: {
    reserved: REGIONS,
    memory: kernel.sizesMemoryRegions ? REGIONS : memory.arrays.memory,
  },
});

/** "x86/efi: Do not free a copy of the memory map below 1M". */
export function keepingCopies(step: Step): Step {
  return (memory, inputs) =>
    step(memory, { ...inputs, kernel: { ...inputs.kernel, freesMemmapCopy: false } });
}

/** `low_pool_fill()`, the reservation of the first 1 MiB, and `low_pool_leave_regions()`. */
export const fillPoolV2: Step = (memory) => {
  const reserved = reservePool(memory);
  const isWhole = without([physRange(0, SZ_1M)], reserved.reserved).length === 0;
  if (isWhole) return leaveArrays(reserved);
  const why = 'the first 1 MiB cannot be reserved: the page allocator gets it';
  return transfer(reserved, pagesOwnedBy(reserved, 'pool'), {
    from: 'pool',
    event: { step: 'reserve_real_mode', owner: 'free', why },
  });
};

function leaveArrays(memory: LowMemory): LowMemory {
  const places = Object.values(memory.arrays).flatMap(({ place }) => place ?? []);
  return transfer(memory, places.flatMap(lowPages), {
    from: 'pool',
    event: { step: 'low_pool_leave_regions', owner: 'kernel', why: "memblock's list lies here" },
  });
}

/**
 * `efi_pool_boot_services()`. Where somebody owns a part of a descriptor, what of it was free is held back
 * (`low_pool_hold()`): it stays mapped for the firmware.
 */
export const poolBootServicesV2: Step = (memory, inputs) => {
  const pooled = poolBootServices(memory, inputs);
  const tagged = memory.bootServices.filter((entry) => entry.tagged);
  return transfer(
    pooled,
    tagged.flatMap(({ range }) => lowPages(range)),
    {
      from: 'pool',
      event: {
        step: 'low_pool_hold',
        owner: 'boot-services',
        why: 'a part of its descriptor is in use: it stays mapped for the firmware',
      },
    },
  );
};

/** `low_pool_claim()`. */
export const claimPoolV2 = claims((memory, inputs) => {
  const spent = new Set<number>(bootServicesPages(memory));
  const pool = pagesOwnedBy(memory, 'pool');
  const held = memory.bootServices
    .filter((entry) => entry.tagged)
    .flatMap(({ range }) => lowPages(range))
    .filter((page) => memory.pages[page]?.history.at(-1)?.step === 'low_pool_hold');
  return claimTrampoline(memory, inputs, [
    pool.filter((page) => !spent.has(page)),
    [...pool, ...held, ...keptPages(memory, inputs)],
  ]);
}, REST_CLAIMANTS);

/** `low_pool_release()`. */
export const releaseIfAsked: Step = (memory, inputs) =>
  hasLowPool(inputs, 'release') ? releasePool(memory, inputs) : memory;
