// SPDX-License-Identifier: MIT
/** All machines whose memory below 640 KiB has up to four ranges between points that matter. */
import {
  EFI_BOOT_SERVICES_CODE,
  EFI_BOOT_SERVICES_DATA,
  EFI_CONVENTIONAL_MEMORY,
  EFI_RESERVED_TYPE,
  type EfiDescriptor,
} from '../memory/efi-memory-map.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { physRange } from '../memory/phys-range.ts';
import { type ModelInputs, PLAIN_MACHINE } from './model-inputs.ts';

/**
 * Where ranges begin and end: page 0, page 1, inside the first 64 KiB, its end, one trampoline (28 KiB) beyond, an early
 * EBDA, the boot services of the thread of 2021, where the trampoline lies as a rule, the EBDA, the ISA hole.
 */
export const CUTS = [
  0, 0x1000, 0x8000, 0x1_0000, 0x1_7000, 0x2_c000, 0x6_3000, 0x9_8000, 0x9_f000, 0xa_0000,
] as const;

/** The simplest first: a counterexample has as few of the others as it can. */
const TYPES = [
  { type: EFI_CONVENTIONAL_MEMORY, ram: true },
  { type: EFI_BOOT_SERVICES_DATA, ram: true },
  { type: EFI_BOOT_SERVICES_CODE, ram: true },
  { type: EFI_RESERVED_TYPE, ram: false },
] as const;

const MOST_RANGES = 4;

/** What else varies. */
const CMDLINES = ['', 'crashkernel=192M'];
const EBDA_SEGMENTS = [0, 0x2c00];

const HIGH: EfiDescriptor = {
  type: EFI_CONVENTIONAL_MEMORY,
  range: physRange(SZ_1M, 0x4000_0000),
  attribute: 0xfn,
};

/** Every such machine, those with fewer ranges first. Nothing about them is left open. */
export function* smallMachines(): Generator<ModelInputs> {
  for (let ranges = 1; ranges <= MOST_RANGES; ranges += 1) {
    for (const cuts of chosen(CUTS.slice(1, -1), ranges - 1)) {
      for (const low of typed([0, ...cuts, CUTS.at(-1) ?? 0])) yield* variants(low);
    }
  }
}

/** The ways to choose so many of them, in their order. */
function* chosen(from: readonly number[], count: number): Generator<number[]> {
  if (count === 0) yield [];
  else {
    for (const [index, first] of from.entries()) {
      for (const rest of chosen(from.slice(index + 1), count - 1)) yield [first, ...rest];
    }
  }
}

interface LowRange {
  readonly descriptor: EfiDescriptor;
  readonly ram: boolean;
}

/** The ranges between these bounds, of every type. */
function* typed([start = 0, end, ...others]: readonly number[]): Generator<LowRange[]> {
  if (end === undefined) {
    yield [];
    return;
  }
  for (const { type, ram } of TYPES) {
    const first = { descriptor: { type, range: physRange(start, end), attribute: 0xfn }, ram };
    for (const rest of typed([end, ...others])) yield [first, ...rest];
  }
}

function* variants(low: readonly LowRange[]): Generator<ModelInputs> {
  const efiMap = [...low.map(({ descriptor }) => descriptor), HIGH];
  const e820 = [
    ...low.map(({ descriptor: { range }, ram }) => ({ range, ram })),
    { range: HIGH.range, ram: true },
  ];
  for (const ebdaSegment of EBDA_SEGMENTS) {
    for (const cmdline of CMDLINES) {
      const biosWords = { ebdaSegment, baseMemoryKiB: 0 };
      yield { ...PLAIN_MACHINE, reservedAbove1M: [], e820, efiMap, biosWords, cmdline };
    }
  }
}
