// SPDX-License-Identifier: MIT
import {
  EFI_BOOT_SERVICES_CODE,
  EFI_BOOT_SERVICES_DATA,
  type EfiDescriptor,
} from '../memory/efi-memory-map.ts';
import { PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, intersects, physRange } from '../memory/phys-range.ts';
import { without } from '../memory/range-set.ts';
import { EFI_MEMORY_TYPES, e820FromEfiMap } from './efi-memory-types.ts';
import type { Layout, Levers, MachineMaps } from './layout.ts';

/** A machine that a layout was given to, as far as a kernel's policy asks. */
export interface WholeMachine extends MachineMaps {
  readonly keptTables: {
    readonly esrt: PhysRange | null;
    readonly mokvar: null;
    readonly bgrt: PhysRange | null;
  };
  readonly setVirtualAddressMapFails: boolean;
}

/** The memory of a cell's machine from 1 MiB on: 1 GiB. */
const HIGH = physRange(SZ_1M, 0x4000_0000);
const CONVENTIONAL = EFI_MEMORY_TYPES.findIndex(({ name }) => name === 'Conventional');

/**
 * OVMF's own boot services, at the top: it has some 120 entries from 1 MiB on, most of them neighbours, code and data in
 * turn. Their number decides how large a copy of the map is.
 */
const OWN = { start: 0x3d80_0000, size: 0x4000, count: 120 };

/** Boot services data that hold the tables, with room between them. */
const HOLDER = physRange(0x3fff_0000, 0x4000_0000);
const ESRT = physRange(HOLDER.start + PAGE_SIZE, HOLDER.start + PAGE_SIZE + 0x100);
const BGRT = physRange(HOLDER.start + 3 * PAGE_SIZE, HOLDER.start + 4 * PAGE_SIZE);

/**
 * The machine that a cell with this layout has: above 1 MiB what is alike in all cells, the layout's islands, and the
 * tables that its levers ask for. A dmesg tells of all memory, so nothing is added to it.
 */
export function wholeMachine({ maps, levers, ranges }: Layout): WholeMachine {
  const { esrt, bgrt, setVirtualAddressMapFails } = levers;
  const highest = maps.e820.filter(({ range }) => range.end > SZ_1M).length;
  const whole = highest > ownHighEntries(levers, ranges) ? maps : withHighMemory(maps);
  const keptTables = { esrt: esrt ? ESRT : null, mokvar: null, bgrt: bgrt ? BGRT : null };
  return { ...whole, keptTables, setVirtualAddressMapFails };
}

/** How many entries beyond 1 MiB are the layout's own. */
function ownHighEntries({ islands }: Levers, ranges: Layout['ranges']): number {
  const pages = islands.reduce((sum, { count }) => sum + count, 0);
  return pages + ranges.filter(({ range }) => range.end > SZ_1M).length;
}

function withHighMemory({ e820, efiMap, biosWords }: MachineMaps): MachineMaps {
  const given = (efiMap ?? e820).map(({ range }) => range);
  const own = Array.from({ length: OWN.count }, (_, index) => {
    const start = OWN.start + index * OWN.size;
    const type = index % 2 === 0 ? EFI_BOOT_SERVICES_CODE : EFI_BOOT_SERVICES_DATA;
    return describe(type, physRange(start, start + OWN.size));
  });
  const firmware = [...own, describe(EFI_BOOT_SERVICES_DATA, HOLDER)].filter(
    ({ range }) => !given.some((one) => intersects(one, range)),
  );
  const rest = without([HIGH], [...given, ...firmware.map(({ range }) => range)]);
  const added = [...firmware, ...rest.map((range) => describe(CONVENTIONAL, range))];
  const byStart = (a: EfiDescriptor, b: EfiDescriptor): number => a.range.start - b.range.start;
  const low = efiMap?.filter(({ range }) => range.start < SZ_1M) ?? [];
  const high = efiMap?.filter(({ range }) => range.start >= SZ_1M) ?? [];
  return {
    e820: [...e820, ...e820FromEfiMap(added)],
    efiMap: efiMap && [...low, ...[...high, ...added].toSorted(byStart)],
    biosWords,
  };
}

function describe(type: number, range: PhysRange): EfiDescriptor {
  return { type, range, attribute: 0xfn };
}
