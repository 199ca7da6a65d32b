// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { FormatError } from '../errors.ts';
import type { BiosWords } from './bios-data-area.ts';
import type { E820Entry } from './e820.ts';
import type { EfiDescriptor } from './efi-memory-map.ts';
import { EFI_MEMORY_TYPES, e820FromEfiMap } from './efi-memory-types.ts';
import { PHYS_ADDR_LIMIT } from './pfn.ts';
import { type PhysRange, fromInclusive, intersects, renderRange } from './phys-range.ts';

/** What a machine's firmware says of its memory. */
export interface MachineMaps {
  readonly e820: readonly E820Entry[];
  /** Null where only an e820 map is known. */
  readonly efiMap: readonly EfiDescriptor[] | null;
  readonly biosWords: BiosWords;
}

/** A machine's memory below 1 MiB, as a file of `images/layouts/` tells it. */
export interface Layout {
  readonly id: string;
  readonly machine: string | null;
  readonly source: string;
  /** Made by hand, not read off a machine. */
  readonly synthetic: boolean;
  readonly maps: MachineMaps;
}

const E820_TYPES = ['usable', 'reserved', 'ACPIReclaim', 'ACPINVS', 'Unusable', 'type 20'];

/** The types that the ranges of each kind of layout can have. */
const TYPES = { efi: EFI_MEMORY_TYPES.map(({ name }) => name), e820: E820_TYPES };

const address = z
  .string()
  .regex(/^0x[0-9a-f]{1,16}$/i, 'an address wanted, as "0x9ffff"')
  .transform(Number)
  .refine((value) => value < PHYS_ADDR_LIMIT, 'an address of at most 52 bits wanted');

const layoutSchema = z.strictObject({
  schema: z.literal(1),
  id: z.string().regex(/^[\w-]+$/, 'letters, digits and hyphens wanted'),
  machine: z.string().exactOptional(),
  firmware: z.string().exactOptional(),
  kernel: z.string().exactOptional(),
  source: z.string().min(1),
  synthetic: z.literal(true).exactOptional(),
  notes: z.string().exactOptional(),
  kind: z.enum(['efi', 'e820']),
  ranges: z.array(z.strictObject({ start: address, end: address, type: z.string() })).min(1),
  bda: z
    .strictObject({ ebdaSegment: address.refine(isWord), baseMemoryKiB: z.int().refine(isWord) })
    .exactOptional(),
});

interface LayoutRange {
  /** Both inclusive. */
  readonly start: number;
  readonly end: number;
  readonly type: string;
}

/**
 * Reads a layout from JSON; `name` is the file's, for messages. Throws `FormatError` naming the
 * field at fault: no JSON, ranges that overlap or end before they begin, an address beyond 52 bits,
 * a type that its kind of map does not have.
 */
export function parseLayout(text: string, name: string): Layout {
  const parsed = layoutSchema.safeParse(parseJson(text, name));
  if (!parsed.success) throw fault(name, parsed.error.issues[0], parsed.error);
  const { id, machine = null, source, synthetic = false, kind, ranges, bda } = parsed.data;
  const found = findRangeFault(ranges, TYPES[kind]);
  if (found) throw fault(name, found);
  const biosWords = bda ?? { ebdaSegment: 0, baseMemoryKiB: 0 };
  const maps = { ...(kind === 'efi' ? mapsFromEfi(ranges) : mapsFromE820(ranges)), biosWords };
  return { id, machine, source, synthetic, maps };
}

function mapsFromEfi(ranges: readonly LayoutRange[]): Omit<MachineMaps, 'biosWords'> {
  const efiMap = ranges.map(({ start, end, type }) => ({
    type: TYPES.efi.indexOf(type),
    range: fromInclusive(start, end),
    attribute: 0xfn,
  }));
  return { e820: e820FromEfiMap(efiMap), efiMap };
}

function mapsFromE820(ranges: readonly LayoutRange[]): Omit<MachineMaps, 'biosWords'> {
  const e820 = ranges.map(({ start, end, type }) => ({
    range: fromInclusive(start, end),
    ram: type === 'usable',
  }));
  return { e820, efiMap: null };
}

function findRangeFault(
  ranges: readonly LayoutRange[],
  types: readonly string[],
): Fault | undefined {
  const earlier: PhysRange[] = [];
  for (const [index, { start, end, type }] of ranges.entries()) {
    const path = ['ranges', index];
    if (!types.includes(type)) {
      const message = `one of ${types.join(', ')} wanted, ${JSON.stringify(type)} found`;
      return { path: [...path, 'type'], message };
    }
    if (end < start) return { path: [...path, 'end'], message: 'it lies before "start"' };
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
    const why = error instanceof Error ? error.message : String(error);
    throw new FormatError(`Cannot read layout ${name}: not JSON: ${why}`, { cause: error });
  }
}

/** What is wrong with a layout, and with which field. */
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
