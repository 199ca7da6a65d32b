// SPDX-License-Identifier: MIT
/** Arbitrary machines for the oracle: sound ones, of which some have much of one thing, and hostile ones. */
import fc from 'fast-check';
import {
  EFI_BOOT_SERVICES_CODE,
  EFI_BOOT_SERVICES_DATA,
  type EfiDescriptor,
} from '../../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../../memory/pfn.ts';
import { type PhysRange, intersects, physRange, rangeSize } from '../../memory/phys-range.ts';
import type { ModelInputs } from '../model-inputs.ts';
import { descriptor, ram, taken } from './machine-builder.ts';
import { RAM_TYPES, anyInputs, anyLowMap, anyMachine } from './machine-cases.ts';
import type { OracleMachine } from './oracle-process.ts';

const KERNEL = physRange(0x100_0000, 0x280_0000);
const EFI_MAP_AT = 0x3ff0_0000;
const TOP = 0x4000_0000;
/** Where islands begin, and how far they are apart. */
const ISLANDS_AT = 0x2000_0000;
const ISLAND_STEP = 0x4000;

const CONVENTIONAL = 7;
const EFI_MEMORY_MORE_RELIABLE = 0x1_0000n;
const EFI_MEMORY_RUNTIME = 1n << 63n;

/** Words of the command line that the kernel's early code reads. */
const WORDS = [
  'crashkernel=192M',
  'crashkernel',
  '-- crashkernel=128M',
  'movable_node',
  'reservelow=128K',
  'reservelow=640K',
  'efi=debug',
  'efi=nochunk',
  'efi=noruntime',
  'efi=noruntime,runtime',
  'noefi',
  'memmap=64K$0x20000',
  'memmap=0x30000@0x60000',
  'add_efi_memmap',
  'acpi=off',
  'bgrt_disable',
  'kernelcore=mirror',
];

/** What is rarer shrinks to what is not. */
const SHRINKS = { withCrossShrink: true };

const anyCmdline = fc.oneof(
  SHRINKS,
  { weight: 3, arbitrary: fc.constantFrom('', 'crashkernel=192M') },
  { weight: 1, arbitrary: fc.subarray(WORDS, { maxLength: 3 }).map((words) => words.join(' ')) },
);

/** Seldom, and then a number. */
const seldom = (most: number): fc.Arbitrary<number> =>
  fc.oneof(
    SHRINKS,
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.nat(most) },
  );

/** A table: the boot services data that holds it, an offset, and its number of entries. */
const anyTable = fc.option(
  fc.record({ holder: fc.nat(8), at: fc.nat(0x20).map((it) => it * 0x100), entries: fc.nat(8) }),
  { freq: 3 },
);

interface Islands {
  readonly count: number;
  /** EFI type of the islands: boot services, or what is no RAM. */
  readonly type: number;
}

const anyIslands: fc.Arbitrary<Islands> = fc.record({
  count: fc.oneof(
    SHRINKS,
    { weight: 24, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 95, max: 130 }) },
    { weight: 1, arbitrary: fc.nat(250) },
  ),
  type: fc.constantFrom(EFI_BOOT_SERVICES_DATA, EFI_BOOT_SERVICES_DATA, 0),
});

function highMap({ count, type }: Islands): EfiDescriptor[] {
  const islands = Array.from({ length: count }, (_, index) => {
    const start = ISLANDS_AT + index * ISLAND_STEP;
    const end = index === count - 1 ? TOP : start + ISLAND_STEP;
    return [
      descriptor(type, start, start + PAGE_SIZE),
      descriptor(CONVENTIONAL, start + PAGE_SIZE, end),
    ];
  });
  return [descriptor(CONVENTIONAL, SZ_1M, count === 0 ? TOP : ISLANDS_AT), ...islands.flat()];
}

/** What `efi_reserve_boot_services()` looks at. */
const isBootServices = ({ type }: EfiDescriptor): boolean =>
  type === EFI_BOOT_SERVICES_CODE || type === EFI_BOOT_SERVICES_DATA;

type Table = { readonly holder: number; readonly at: number; readonly entries: number } | null;

/** A table with a header and entries of these sizes, in one of the holders if it fits. */
function placed(
  table: Table,
  map: readonly EfiDescriptor[],
  sizes: readonly [number, number],
): PhysRange | null {
  const holders = map.filter(({ type }) => type === EFI_BOOT_SERVICES_DATA);
  if (!table || holders.length === 0) return null;
  const { range } = holders[table.holder % holders.length] ?? { range: physRange(0, 0) };
  const size = sizes[0] + table.entries * sizes[1];
  if (range.start === 0 || rangeSize(range) < size) return null;
  const start = range.start + (table.at % (rangeSize(range) - size + 1));
  return physRange(start, start + size);
}

/** Sizes of ESRT (UEFI specification, section 23.4), of a MOK variable table with one entry, of a picture. */
const SIZES = { esrt: [16, 40], mokvar: [2 * 264, 64], bgrt: [54, 0x1000] } as const;

const soundMachine: fc.Arbitrary<ModelInputs> = fc
  .record({
    plain: anyMachine,
    low: anyLowMap,
    islands: anyIslands,
    cmdline: anyCmdline,
    initrd: seldom(0x9_0000),
    esrt: anyTable,
    mokvar: anyTable,
    bgrt: anyTable,
    /** Neighbours in the map that are the wrong way round, and one that has another attribute. */
    swapped: seldom(16),
    special: fc.tuple(seldom(16), fc.constantFrom(EFI_MEMORY_MORE_RELIABLE, EFI_MEMORY_RUNTIME)),
  })
  .map(({ plain, low, islands, cmdline, initrd, esrt, mokvar, bgrt, swapped, special }) => {
    const map = [...low, ...highMap(islands)];
    const [first, second] = [map[swapped - 1], map[swapped]];
    if (first && second) map.splice(swapped - 1, 2, second, first);
    const [at, attribute] = special;
    const one = at > 0 ? map[at - 1] : undefined;
    if (one && (attribute !== EFI_MEMORY_RUNTIME || isBootServices(one))) {
      map[at - 1] = { ...one, attribute: one.attribute | attribute };
    }
    return {
      ...plain,
      cmdline,
      sandyBridgeGraphics: plain.sandyBridgeGraphics && cmdline === '',
      setVirtualAddressMapFails: plain.setVirtualAddressMapFails && cmdline === '',
      efiMap: map,
      e820: map
        .map(({ type, range }) => (RAM_TYPES.includes(type) ? ram : taken)(range.start, range.end))
        .toSorted((a, b) => a.range.start - b.range.start),
      earlyReservations: initrd > 0 ? [physRange(initrd, initrd + 0x3000)] : [],
      keptTables: apart({
        esrt: placed(esrt, map, SIZES.esrt),
        mokvar: placed(mokvar, map, SIZES.mokvar),
        bgrt: placed(bgrt, map, SIZES.bgrt),
      }),
    };
  });

/**
 * Tables do not overlap; and one of MOK variables that begins in a page of the ESRT's is none to the kernel, whose map
 * has an entry that ends there.
 */
function apart({ esrt, mokvar, bgrt }: ModelInputs['keptTables']): ModelInputs['keptTables'] {
  const pages = esrt && physRange(esrt.start - PAGE_SIZE, esrt.end + PAGE_SIZE);
  const lone = pages && mokvar && intersects(pages, mokvar) ? null : mokvar;
  const overlaps = [esrt, lone].some((table) => table && bgrt && intersects(table, bgrt));
  return { esrt, mokvar: lone, bgrt: overlaps ? null : bgrt };
}

/** Maps that lie; tables would have to be there to be read. */
const hostileMachine: fc.Arbitrary<ModelInputs> = anyInputs.map((inputs) => ({
  ...inputs,
  efiMap: inputs.efiMap ?? [],
  e820: [...inputs.e820, ram(0x20_0000, TOP), taken(TOP, TOP + SZ_1M)],
  keptTables: { esrt: null, mokvar: null, bgrt: null },
}));

/** Any machine, with a kernel and with a place for its map. */
export const anyOracleMachine: fc.Arbitrary<OracleMachine> = fc
  .oneof(SHRINKS, { weight: 5, arbitrary: soundMachine }, { weight: 1, arbitrary: hostileMachine })
  .map((inputs) => {
    const map = physRange(EFI_MAP_AT, EFI_MAP_AT + 48 * (inputs.efiMap?.length ?? 0));
    const earlyReservations = [KERNEL, ...inputs.earlyReservations, map];
    // What the oracle is not compiled with.
    const lacks = {
      corruptionCheckSize: 0,
      disablesRuntime: false,
      tdxHost: false,
      hotplugsMemory: true,
      kexecHandover: false,
    };
    const given = { ...inputs, ...lacks, earlyReservations };
    return { inputs: given, kernel: KERNEL, efiMapAt: EFI_MAP_AT };
  });
