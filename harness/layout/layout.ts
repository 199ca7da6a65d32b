// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { FormatError, messageOf } from '../errors.ts';
import type { BiosWords } from '../memory/bios-data-area.ts';
import { EFI_MEMORY_TYPES, e820FromEfiMap } from '../memory/efi-memory-types.ts';
import type { LogReading } from './log/read-log.ts';
import type { MachineMaps } from '../memory/machine-maps.ts';
import { PAGE_SIZE, PHYS_ADDR_LIMIT, SZ_1M } from '../memory/pfn.ts';
import {
  type PhysRange,
  fromInclusive,
  intersects,
  physRange,
  renderRange,
} from '../memory/phys-range.ts';

/** A machine's memory below 1 MiB, as in a file of `images/layouts/`. */
export interface Layout {
  readonly id: string;
  readonly machine: string | null;
  readonly source: string;
  /** Made by hand, not read from a machine. */
  readonly synthetic: boolean;
  /** For a matrix of its own, not for the corpus: what a kernel makes of it depends on more than a layout. */
  readonly edge: boolean;
  readonly maps: MachineMaps;
  /** What the layout says about memory, range by range. */
  readonly ranges: readonly LayoutRange[];
  readonly levers: Levers;
  /** The log from which it was read. */
  readonly log?: LogReading;
}

/** A range of a layout. */
export interface LayoutRange {
  readonly range: PhysRange;
  /** `EFI_MEMORY_TYPE`; for an e820 type, the one from which the EFI stub makes it. */
  readonly type: number;
  /** Whether a personality fills its pages, to see later whether anything wrote to them. */
  readonly tag: boolean;
}

/** What a personality changes in a machine besides its memory below 1 MiB. */
export interface Levers {
  /** An EFI System Resource Table in boot services data. */
  readonly esrt: boolean;
  /** A boot logo in boot services data, announced by ACPI (BGRT). */
  readonly bgrt: boolean;
  readonly setVirtualAddressMapFails: boolean;
  /** Single pages above 1 MiB, at regular distances. */
  readonly islands: readonly Islands[];
  /** Words to write into the BIOS data area, or null to leave them. */
  readonly biosWords: BiosWords | null;
}

/** See `Levers`. */
export interface Islands {
  readonly type: number;
  readonly start: number;
  /** Bytes from one to the next. */
  readonly step: number;
  readonly count: number;
}

const EFI_TYPES = EFI_MEMORY_TYPES.map(({ name }) => name);

/** The types of an e820 map, each with the `EFI_MEMORY_TYPE` from which `setup_e820()` of the EFI stub makes it. */
const E820_TYPES: Readonly<Record<string, string>> = {
  usable: 'Conventional',
  reserved: 'Reserved',
  ACPIReclaim: 'ACPIReclaim',
  ACPINVS: 'ACPINVS',
  Unusable: 'Unusable',
  'type 20': 'Reserved',
};

/** The types that ranges can have in each kind of layout. */
const TYPES = { efi: EFI_TYPES, e820: Object.keys(E820_TYPES) };

/** Each island adds two entries to the EFI memory map, of which the kernel takes a few thousand. */
const ISLANDS_LIMIT = 400;

/** There are 256 pages, and in a layout no two ranges share one. */
const RANGES_LIMIT = 1024;

const address = z
  .string()
  .regex(/^0x[0-9a-f]{1,16}$/i, 'expected an address such as "0x9ffff"')
  .transform(Number)
  .refine((value) => value < PHYS_ADDR_LIMIT, 'expected an address of at most 52 bits');

const layoutSchema = z.strictObject({
  schema: z.literal(1),
  id: z.string().regex(/^[\w-]+$/, 'expected letters, digits and hyphens'),
  machine: z.string().exactOptional(),
  firmware: z.string().exactOptional(),
  kernel: z.string().exactOptional(),
  source: z.string().min(1),
  synthetic: z.literal(true).exactOptional(),
  edge: z.literal(true).exactOptional(),
  notes: z.string().exactOptional(),
  kind: z.enum(['efi', 'e820']),
  ranges: z
    .array(
      z.strictObject({
        start: address,
        end: address,
        type: z.string(),
        tag: z.boolean().default(true),
      }),
    )
    .min(1)
    .max(RANGES_LIMIT),
  bda: z
    .strictObject({ ebdaSegment: address.refine(isWord), baseMemoryKiB: z.int().refine(isWord) })
    .exactOptional(),
  levers: z
    .strictObject({
      esrt: z.literal(true).exactOptional(),
      bgrt: z.literal(true).exactOptional(),
      setVirtualAddressMapFails: z.literal(true).exactOptional(),
      islands: z
        .array(
          z
            .strictObject({
              type: z.enum(EFI_TYPES),
              start: address,
              step: address,
              count: z.int().min(1).max(ISLANDS_LIMIT),
            })
            .refine(
              ({ start, step, count }) => start + count * step + PAGE_SIZE <= PHYS_ADDR_LIMIT,
              'expected islands of at most 52 bits',
            ),
        )
        .max(ISLANDS_LIMIT)
        .exactOptional(),
    })
    .exactOptional(),
});

type LayoutFile = z.infer<typeof layoutSchema>;

/**
 * Parses a layout from JSON; `name` is that of the file, for messages. Throws `FormatError` naming the
 * field at fault: not JSON, ranges that overlap or end before they begin, an address beyond 52 bits, a
 * type that its kind of map does not have.
 */
export function parseLayout(text: string, name: string): Layout {
  const parsed = layoutSchema.safeParse(parseJson(text, name));
  if (!parsed.success) throw fault(name, parsed.error.issues[0], parsed.error);
  const { id, machine = null, source, synthetic = false, edge = false, kind, bda } = parsed.data;
  const found = findRangeFault(parsed.data.ranges, TYPES[kind]);
  if (found) throw fault(name, found);
  const biosWords = bda ?? { ebdaSegment: 0, baseMemoryKiB: 0 };
  const ranges = parsed.data.ranges.map(({ start, end, type, tag }) => ({
    range: fromInclusive(start, end),
    type: EFI_TYPES.indexOf(kind === 'efi' ? type : (E820_TYPES[type] ?? '')),
    tag,
  }));
  const levers = leversOf(parsed.data);
  const maps = { ...mapsOf([...ranges, ...levers.islands.flatMap(islandRanges)], kind), biosWords };
  return { id, machine, source, synthetic, edge, maps, ranges, levers };
}

/**
 * The layout of a machine of which only the maps are known. An e820 map does not say which firmware type its other
 * memory has: it counts as reserved. Memory above 1 MiB is not part of a layout.
 */
export function layoutFromMaps(
  maps: MachineMaps,
  { id, source, log }: Pick<Layout, 'id' | 'source' | 'log'>,
): Layout {
  const low = (maps.efiMap ?? maps.e820).filter(({ range }) => range.start < SZ_1M);
  const ranges = low.map((entry) => ({
    range: entry.range,
    type: 'type' in entry ? entry.type : EFI_TYPES.indexOf(entry.ram ? 'Conventional' : 'Reserved'),
    tag: true,
  }));
  const machine = log?.causes.machine ?? null;
  const known = { id, machine, source, synthetic: false, edge: false };
  const found = { ...known, maps, ranges, levers: NO_LEVERS };
  return log ? { ...found, log } : found;
}

const NO_LEVERS: Levers = {
  esrt: false,
  bgrt: false,
  setVirtualAddressMapFails: false,
  islands: [],
  biosWords: null,
};

function leversOf({ levers, bda }: LayoutFile): Levers {
  return {
    esrt: levers?.esrt ?? false,
    bgrt: levers?.bgrt ?? false,
    setVirtualAddressMapFails: levers?.setVirtualAddressMapFails ?? false,
    islands: (levers?.islands ?? []).map(({ type, ...where }) => ({
      type: EFI_TYPES.indexOf(type),
      ...where,
    })),
    biosWords: bda ?? null,
  };
}

function islandRanges({
  type,
  start,
  step,
  count,
}: Islands): Pick<LayoutRange, 'type' | 'range'>[] {
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * step;
    return { type, range: physRange(at, at + PAGE_SIZE) };
  });
}

function mapsOf(
  ranges: readonly Pick<LayoutRange, 'type' | 'range'>[],
  kind: LayoutFile['kind'],
): Omit<MachineMaps, 'biosWords'> {
  const efiMap = ranges.map(({ range, type }) => ({ type, range, attribute: 0xfn }));
  return { e820: e820FromEfiMap(efiMap), efiMap: kind === 'efi' ? efiMap : null };
}

function findRangeFault(ranges: LayoutFile['ranges'], types: readonly string[]): Fault | undefined {
  const earlier: PhysRange[] = [];
  for (const [index, { start, end, type }] of ranges.entries()) {
    const path = ['ranges', index];
    if (!types.includes(type)) {
      const message = `expected one of ${types.join(', ')}, found ${JSON.stringify(type)}`;
      return { path: [...path, 'type'], message };
    }
    if (end < start) return { path: [...path, 'end'], message: 'it is before "start"' };
    const range = fromInclusive(start, end);
    const other = earlier.findIndex((before) => intersects(before, range));
    if (other !== -1) return { path, message: `${renderRange(range)} overlaps ranges.${other}` };
    earlier.push(range);
  }
  return undefined;
}

function isWord(value: number): boolean {
  return value >= 0 && value <= 0xffff;
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const why = messageOf(error);
    throw new FormatError(`Cannot read layout ${name}: not JSON: ${why}`, { cause: error });
  }
}

/** What is wrong with which field of a layout. */
interface Fault {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

function fault(name: string, found: Fault | undefined, cause?: unknown): FormatError {
  const field = found?.path.join('.') || 'the whole file';
  return new FormatError(
    `Cannot read layout ${name}: ${field}: ${found?.message}; compare images/layouts/x1c7.json`,
    { cause },
  );
}
