// SPDX-License-Identifier: MIT
import { STANDARD_CELL } from '../bundle/cell-record.ts';
import { type FuzzCase, ISA_HOLE_PAGE, PLAIN_CASE, type Piece, isFair } from './fuzz-case.ts';
import { type Random, randomFor } from './random.ts';

/** A value and how often it comes among those of its table. */
type Weighted<T> = readonly (readonly [weight: number, value: T])[];

/** Types below 640 KiB; null is a hole. Boot services are what policies differ in. */
const LOW_TYPES: Weighted<Piece['type']> = [
  [6, 'Conventional'],
  [5, 'BootServicesData'],
  [4, 'BootServicesCode'],
  [1, 'LoaderData'],
  [2, 'Reserved'],
  [1, 'RuntimeServicesData'],
  [1, 'ACPIReclaim'],
  [1, 'ACPINVS'],
  [1, null],
];

/** Where pieces like to end: page 0, 64 KiB, a low EBDA, the map of 2021, the trampoline, the EBDA, the ISA hole. */
const EDGES = [0x1, 0x10, 0x14, 0x2c, 0x63, 0x8f, 0x98, 0x9d, 0x9f, ISA_HOLE_PAGE] as const;

/** Pages of a room in which a trampoline of 6 or 7 pages just fits, or just does not. */
const ROOMS = [5, 6, 7, 8] as const;

type Shape = (random: Random) => Piece[];

const SHAPES: Weighted<Shape> = [
  [1, () => PLAIN_CASE.pieces],
  [4, anyPieces],
  [3, singlePages],
];

/** What there is from 640 KiB to 1 MiB: nothing, or the firmware's own. */
const HIGH_PIECES: Weighted<readonly Piece[]> = [
  [4, []],
  [1, [{ type: 'Reserved', pages: 0x60 }]],
  [
    1,
    [
      { type: null, pages: 0x40 },
      { type: 'Reserved', pages: 0x20 },
    ],
  ],
];

const ISLAND_TYPES: Weighted<FuzzCase['islands'][number]['type']> = [
  [4, 'BootServicesData'],
  [1, 'BootServicesCode'],
  [1, 'LoaderData'],
  [1, 'Reserved'],
  [1, 'RuntimeServicesData'],
];

/** memblock's lists begin with room for 128 ranges (`INIT_MEMBLOCK_REGIONS`): what matters happens near it. */
const REGIONS = 128;

/** Islands, on a machine with so many ranges of boot services below 1 MiB. */
const ISLANDS: Weighted<(random: Random, low: number) => number> = [
  [5, () => 0],
  [2, (random) => 1 + random.below(60)],
  // The kernel and OVMF have some 12 of their own.
  [5, (random, low) => Math.max(1, REGIONS - 40 + random.below(48) - low)],
  [1, (random) => REGIONS + random.below(120)],
];

const CRASHKERNELS: Weighted<string | null> = [
  [4, null],
  [3, '256M'],
  [1, '192M'],
  [1, '128M'],
  [1, '256M,high'],
  [1, '512M-:192M'],
];

/** What the command line may have, and one time in how many. */
const WORDS: readonly (readonly [oneIn: number, word: string])[] = [
  [2, 'memblock=debug'],
  [4, 'efi=debug'],
  [8, 'efi=noruntime'],
  [8, 'efi=nosoftreserve'],
  [6, 'movable_node'],
  [8, 'nokaslr'],
  [10, 'mem=768M'],
  [10, 'memmap=4K$0x8000'],
  [10, 'memmap=32K$0x50000'],
];

const LEVERS: readonly (readonly [oneIn: number, lever: FuzzCase['levers'][number]])[] = [
  [6, 'esrt'],
  [8, 'bgrt'],
  [12, 'setVirtualAddressMapFails'],
];

const BDA: Weighted<FuzzCase['bda']> = [
  [6, null],
  [1, { ebdaSegment: 0x9fc0, baseMemoryKiB: 639 }],
  [1, { ebdaSegment: 0x9d00, baseMemoryKiB: 628 }],
  [1, { ebdaSegment: 0x2c00, baseMemoryKiB: 0 }],
  [1, { ebdaSegment: 0, baseMemoryKiB: 564 }],
];

/** Each number of CPUs, size of memory, and firmware is a machine whose firmware boots once more: most share one. */
const CPUS: Weighted<number> = [
  [9, 1],
  [3, 2],
  [1, 3],
  [1, 4],
];

const MEMORY_MIB: Weighted<number> = [
  [11, 1024],
  [1, 2048],
];

/** The largest of them. */
export const MOST_MEMORY_MIB = Math.max(...MEMORY_MIB.map(([, size]) => size));

/** What `crashkernel=` must be for a capture kernel of any config to have room. */
const ROOMY: readonly FuzzCase['crashkernel'][] = ['256M', '256M,high'];

/** What a case may have besides what the seed says. */
export interface CaseChoices {
  /** Firmwares, as a cell has them. */
  readonly ovmfs: readonly [string, ...string[]];
  /** One case in so many crashes; 0: none. */
  readonly crashOneIn: number;
}

/** What is chosen unless the command line says otherwise. */
export const STANDARD_CHOICES: CaseChoices = { ovmfs: [STANDARD_CELL.ovmf], crashOneIn: 10 };

/** Tries for a case that leaves a kernel room; the plain machine does. */
const TRIES = 20;

/**
 * The case of that number, from 0: the same for the same seed and choices. Its firmware leaves every kernel room
 * (`isFair`).
 */
export function generateCase(seed: number, nr: number, choices = STANDARD_CHOICES): FuzzCase {
  const random = randomFor(seed, nr);
  for (let tries = 0; tries < TRIES; tries += 1) {
    const made = anyCase(random, choices);
    if (isFair(made)) return made;
  }
  return { ...anyCase(random, choices), pieces: PLAIN_CASE.pieces, bda: null };
}

function anyCase(random: Random, { ovmfs, crashOneIn }: CaseChoices): FuzzCase {
  const low = oneOf(random, SHAPES)(random);
  const found = low.filter(({ type }) => type?.startsWith('BootServices')).length;
  const count = oneOf(random, ISLANDS)(random, found);
  const islands = count === 0 ? [] : [{ type: oneOf(random, ISLAND_TYPES), count }];
  if (random.oneIn(8))
    islands.push({ type: oneOf(random, ISLAND_TYPES), count: 1 + random.below(30) });
  const made = {
    pieces: [...low, ...oneOf(random, HIGH_PIECES)],
    islands,
    levers: chosen(random, LEVERS),
    bda: oneOf(random, BDA),
    crashkernel: oneOf(random, CRASHKERNELS),
    append: chosen(random, WORDS),
    cpus: oneOf(random, CPUS),
    memoryMiB: oneOf(random, MEMORY_MIB),
    ovmf: random.pick(ovmfs),
  };
  if (crashOneIn === 0 || !random.oneIn(crashOneIn)) return { ...made, crash: null };
  const crashkernel = ROOMY.includes(made.crashkernel) ? made.crashkernel : '256M';
  return { ...made, crashkernel, crash: random.pick(['kexec_file_load', 'kexec_load']) };
}

/** Some dozen pieces, which end at an edge or anywhere; some in two, as firmware has it, some as small as a trampoline. */
function anyPieces(random: Random): Piece[] {
  const cuts = new Set<number>([ISA_HOLE_PAGE]);
  for (let nr = 1 + random.below(12); nr > 0; nr -= 1) {
    const end = random.oneIn(2) ? random.pick(EDGES) : 1 + random.below(ISA_HOLE_PAGE - 1);
    cuts.add(end);
    if (random.oneIn(3)) cuts.add(Math.max(1, end - random.pick(ROOMS)));
  }
  let page = 0;
  let type = anyLowType(random);
  return [...cuts]
    .toSorted((a, b) => a - b)
    .map((end) => {
      // One in six is of the same type as the one before.
      if (!random.oneIn(6)) type = anyLowType(random);
      const pages = end - page;
      page = end;
      return { type, pages };
    });
}

/** Single pages of boot services with room between them: each a reserved range of its own. */
function singlePages(random: Random): Piece[] {
  const type = random.oneIn(3) ? 'BootServicesCode' : 'BootServicesData';
  const first = random.pick([0x1, 0x10, 0x14, 0x20]);
  const between = 1 + random.below(4);
  const most = Math.floor((0x58 - first) / (between + 1));
  const single = 1 + random.below(Math.min(24, most));
  const pairs = Array.from({ length: single }, (): Piece[] => [
    { type, pages: 1 },
    { type: 'Conventional', pages: between },
  ]);
  const last = ISA_HOLE_PAGE - first - single * (between + 1);
  const pieces = [{ type: 'Conventional', pages: first } as const, ...pairs.flat()];
  return [...pieces.slice(0, -1), { type: 'Conventional', pages: between + last }];
}

/** The type of a piece below 640 KiB. */
export function anyLowType(random: Random): Piece['type'] {
  return oneOf(random, LOW_TYPES);
}

function chosen<T>(random: Random, from: readonly (readonly [number, T])[]): T[] {
  return from.filter(([times]) => random.oneIn(times)).map(([, value]) => value);
}

function oneOf<T>(random: Random, from: Weighted<T>): T {
  let at = random.below(from.reduce((sum, [weight]) => sum + weight, 0));
  const found = from.find(([weight]) => (at -= weight) < 0);
  if (!found) throw new Error('Expected a table that is not empty');
  return found[1];
}
