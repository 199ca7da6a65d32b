// SPDX-License-Identifier: MIT
/** Steps of `setup_arch()` (arch/x86/kernel/setup.c, ebda.c). */
import { findParameter, findSize } from '../memory/kernel-cmdline.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { type RangeSet, without } from '../memory/range-set.ts';
import { type LowMemory, removeRam, say } from './low-memory.ts';
import { freeRanges, makeMemoryRoom, markScratch, reserve } from './memblock.ts';
import type { ModelInputs } from './model-inputs.ts';
import type { Step } from './step.ts';

const KIB = 1024;

/** 640 KiB to 1 MiB. */
const ISA = physRange(640 * KIB, SZ_1M);

/** What is reserved for the kernel and for what it was loaded with, wherever that lies. */
export const reserveEarlyRanges: Step = (memory, { earlyReservations }) =>
  earlyReservations.reduce(
    (before, range) =>
      reserve(before, range, {
        step: 'setup_arch',
        owner: 'kernel',
        why: 'the kernel was loaded with it',
      }),
    memory,
  );

/** `parse_early_param()`: from here on `memblock=debug` is heard. */
export const parseEarlyParam: Step = (memory) => ({ ...memory, memblockCalls: [] });

/** The first page, up to v5.12 (Linux kernel commit 36ad16bd1a86: L1TF). */
export const reserveFirstPage: Step = (memory) =>
  reserve(memory, physRange(0, PAGE_SIZE), {
    step: 'setup_arch',
    owner: 'bios',
    why: 'page 0 is never handed out',
  });

/** `trim_bios_range()`: page 0 and 640 KiB to 1 MiB are no RAM. */
export const trimBiosRange: Step = (memory) => {
  const step = 'trim_bios_range';
  const why = 'page 0 belongs to the BIOS';
  const hasPage0 = memory.pages[0]?.owner !== 'firmware';
  const trimmed = removeRam(memory, physRange(0, PAGE_SIZE), { step, owner: 'page0', why });
  const event = { step, owner: 'firmware', why: 'the ISA hole and the BIOS ROM' } as const;
  const done = removeRam(trimmed, ISA, event);
  const line = 'e820: update [mem 0x00000000-0x00000fff] usable ==> reserved';
  return hasPage0 ? say(done, line) : done;
};

/**
 * `e820__memblock_setup()`: memblock gets its RAM, and may allocate from now on, but only below 1 MiB
 * (`memblock_set_current_limit(ISA_END_ADDRESS)`, up to `init_mem_mapping()`). `memory` is another array that may
 * have to grow. What `memblock=debug` tells of `reserved` at the end of it is taken for what lies above 1 MiB.
 */
export const e820MemblockSetup: Step = (memory, inputs) => {
  const asked = findParameter(inputs.cmdline, 'movable_node') !== undefined;
  const bottomUp = asked && inputs.hotplugsMemory;
  const added = without(memory.ram, [physRange(0, PAGE_SIZE), ISA]);
  const full = addRam({ ...memory, bottomUp, isLimited: true }, added);
  const marked = khoScratch(full, inputs);
  const state: LowMemory = { ...marked, ram: wholePages(marked.ram) };
  const told = inputs.reservedAbove1M;
  if (!told) return state;
  const low = state.reserved.filter(({ start }) => start < SZ_1M);
  return { ...state, reserved: [...low, ...told], hidden: 0 };
};

/** `memblock_add()` of one region after the other: one for which there is no room is lost. */
function addRam(memory: LowMemory, added: RangeSet): LowMemory {
  const { max } = memory.arrays.memory;
  return added.slice(max).reduce<LowMemory>(
    (state, region) => {
      const roomy = makeMemoryRoom(state, 1);
      const ram = roomy.ok ? [...roomy.memory.ram, region] : roomy.memory.ram;
      return { ...roomy.memory, ram };
    },
    { ...memory, ram: added.slice(0, max) },
  );
}

/** The mark of the first 1 MiB, which `e820__memblock_setup()` sets and `reserve_real_mode()` takes away. */
export const khoScratch: Step = (memory, { kernel }) =>
  kernel.marksScratch ? markScratch(memory) : memory;

/** `memblock_trim_memory()`. */
function wholePages(ranges: RangeSet): RangeSet {
  return ranges
    .map(({ start, end }) =>
      physRange(Math.ceil(start / PAGE_SIZE) * PAGE_SIZE, Math.floor(end / PAGE_SIZE) * PAGE_SIZE),
    )
    .filter(({ start, end }) => start < end);
}

/** `init_mem_mapping()` is over: allocations come from anywhere, and so do memblock's arrays. */
export const raiseMemblockLimit: Step = (memory) => ({ ...memory, isLimited: false });

/** `MAX_SCAN_AREAS` (arch/x86/kernel/check.c). */
const MAX_SCAN_AREAS = 8;

/** `setup_bios_corruption_check()`: takes the first areas that are free, whole pages. */
export const setupBiosCorruptionCheck: Step = (memory, { corruptionCheckSize }) => {
  const end = Math.ceil(corruptionCheckSize / PAGE_SIZE) * PAGE_SIZE;
  const areas = freeRanges(memory)
    .map((free) => ({
      start: Math.max(Math.ceil(free.start / PAGE_SIZE) * PAGE_SIZE, PAGE_SIZE),
      end: Math.min(Math.floor(free.end / PAGE_SIZE) * PAGE_SIZE, end),
    }))
    .filter((area) => area.start < area.end)
    .slice(0, MAX_SCAN_AREAS);
  return areas.reduce(
    (state, area) =>
      reserve(state, physRange(area.start, area.end), {
        step: 'setup_bios_corruption_check',
        owner: 'kernel',
        why: 'it is looked at for what the BIOS writes to it',
      }),
    memory,
  );
};

/** The first 64 KiB of `early_reserve_memory()`, from v5.13, before the trampoline. */
export const earlyReserveMemory: Step = (memory) =>
  reserve(memory, physRange(0, 64 * KIB), {
    step: 'early_reserve_memory',
    owner: 'bios',
    why: 'BIOSes are known to write to the first 64 KiB',
  });

/** Bounds between which `reserve_bios_regions()` believes the BIOS, in bytes. */
const BIOS_START_MIN = 0x2_0000;
const BIOS_START_MAX = 0x9_f000;

/** Where `reserve_bios_regions()` has the BIOS's own memory begin. */
export function biosStart(biosWords: ModelInputs['biosWords']): number {
  const told = biosWords.baseMemoryKiB * KIB;
  const base = told < BIOS_START_MIN || told > BIOS_START_MAX ? BIOS_START_MAX : told;
  const ebda = biosWords.ebdaSegment << 4;
  return ebda >= BIOS_START_MIN && ebda < base ? ebda : base;
}

/** `reserve_bios_regions()`: from the BIOS's own memory to 1 MiB, under EFI too. */
export const reserveBiosRegions: Step = (memory, { biosWords }) =>
  reserve(memory, physRange(biosStart(biosWords), SZ_1M), {
    step: 'reserve_bios_regions',
    owner: 'bios',
    why: 'the extended BIOS data area',
  });

/** `bad_pages` of `trim_snb_memory()`. */
const SNB_BAD_PAGES = [0x2005_0000, 0x2011_0000, 0x2013_0000, 0x2013_8000, 0x4000_4000];

/** The pages above 1 MiB that `trim_snb_memory()` reserves; from v5.13 in `early_reserve_memory()`, and they alone. */
export const reserveSnbBadPages: Step = (memory, { sandyBridgeGraphics }) =>
  (sandyBridgeGraphics ? SNB_BAD_PAGES : []).reduce(
    (state, page) =>
      reserve(state, physRange(page, page + PAGE_SIZE), {
        step: 'trim_snb_memory',
        owner: 'reserved',
        why: 'Sandy Bridge graphics cannot use some pages',
      }),
    memory,
  );

/** `trim_snb_memory()` up to v5.12: everything below 1 MiB, after the trampoline, and the bad pages. */
export const trimSnbMemory: Step = (memory, inputs) => {
  if (!inputs.sandyBridgeGraphics) return memory;
  const reserved = reserve(memory, physRange(0, SZ_1M), {
    step: 'trim_snb_memory',
    owner: 'reserved',
    why: 'Sandy Bridge graphics cannot use some pages',
  });
  const said = say(reserved, 'reserving inaccessible SNB gfx pages');
  return reserveSnbBadPages(said, inputs);
};

/** The default of `CONFIG_X86_RESERVE_LOW`, in KiB; nothing that a bundle keeps shows another. */
const RESERVE_LOW_KIB = 64;

/**
 * `trim_low_memory_range()` up to v5.12, after the trampoline: 64 KiB, or what `reservelow=` asks
 * for between 4 KiB and 640 KiB.
 */
export const trimLowMemoryRange: Step = (memory, { cmdline }) => {
  const value = findParameter(cmdline, 'reservelow')?.value ?? `${RESERVE_LOW_KIB}K`;
  const size = Math.min(Math.max(findSize(value)?.bytes ?? 0, PAGE_SIZE), 640 * KIB);
  return reserve(memory, physRange(0, size), {
    step: 'trim_low_memory_range',
    owner: 'bios',
    why: 'BIOSes are known to write to the first 64 KiB',
  });
};
