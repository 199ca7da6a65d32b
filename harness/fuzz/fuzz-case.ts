// SPDX-License-Identifier: MIT
/**
 * Random machines, run and compared with the model; what differs is made small. This folder chooses, classes and
 * shrinks; it starts no machine and reads no clock. Start with `fuzz.ts`.
 */
import { z } from 'zod';
import { type CellSpec, STANDARD_CELL, cellSpecSchema } from '../bundle/cell-record.ts';
import { type Layout, parseLayout } from '../layout/layout.ts';
import { EFI_MEMORY_TYPES } from '../memory/efi-memory-types.ts';
import { withMemmap } from '../memory/memmap-parameter.ts';
import { LOW_PAGES, PAGE_SIZE, SZ_1M } from '../memory/pfn.ts';
import { physRange, rangeSize } from '../memory/phys-range.ts';
import { rangeSet, without } from '../memory/range-set.ts';

/** Where the VGA hole begins: no RAM from here to 1 MiB. */
export const ISA_HOLE_PAGE = 0xa0;

/** Words of a command line, and groups of islands, that a case may have. */
const [WORDS_LIMIT, GROUPS_LIMIT] = [32, 8];

const typeName = z.enum(EFI_MEMORY_TYPES.map(({ name }) => name));
const oneWord = z
  .string()
  .max(200)
  .regex(/^[\x21-\x7e]+$/, 'expected one word');

/** One machine and command line. */
export const fuzzCaseSchema = z.strictObject({
  /** The memory from page 0 on, piece by piece; null is a hole. Two neighbours of one type are two descriptors. */
  pieces: z
    .array(
      z.strictObject({
        type: typeName.nullable(),
        pages: z.int().min(1).max(LOW_PAGES),
      }),
    )
    .min(1)
    .max(LOW_PAGES),
  /** Single pages above 1 MiB; each group has a place of its own. */
  islands: z
    .array(z.strictObject({ type: typeName, count: z.int().min(1).max(400) }))
    .max(GROUPS_LIMIT),
  levers: z.array(z.enum(['esrt', 'bgrt', 'setVirtualAddressMapFails'])).max(3),
  bda: z
    .strictObject({
      ebdaSegment: z.int().min(0).max(0xffff),
      baseMemoryKiB: z.int().min(0).max(0xffff),
    })
    .nullable(),
  crashkernel: oneWord.nullable(),
  append: z.array(oneWord).max(WORDS_LIMIT),
  cpus: z.int().min(1).max(4),
  memoryMiB: z.int().min(1024).max(2048).default(STANDARD_CELL.memoryMiB),
  ovmf: cellSpecSchema.shape.ovmf,
  /** Which syscall loads the capture kernel of a case that crashes; null: the case looks at ownership only. */
  crash: cellSpecSchema.shape.load.nullable().default(null),
});

/** See `fuzzCaseSchema`. */
export type FuzzCase = z.infer<typeof fuzzCaseSchema>;
export type Piece = FuzzCase['pieces'][number];

/** The most ordinary machine. */
export const PLAIN_CASE = {
  pieces: [{ type: 'Conventional', pages: ISA_HOLE_PAGE }],
  islands: [],
  levers: [],
  bda: null,
  crashkernel: null,
  append: [],
  cpus: 1,
  memoryMiB: STANDARD_CELL.memoryMiB,
  ovmf: STANDARD_CELL.ovmf,
  crash: null,
} satisfies FuzzCase;

/** Where the first group of islands is, the distance of groups, and that of islands, in bytes. */
const [ISLANDS, GROUP_STEP, ISLAND_STEP] = [0x2000_0000, 0x400_0000, 0x4000];

/** The text of a file of the kind of `images/layouts/`; an id is of letters, digits and hyphens. */
export function layoutText(
  { pieces, islands, levers, bda }: FuzzCase,
  { id, notes }: { readonly id: string; readonly notes: string },
): string {
  const lines = [
    '"schema": 1',
    `"id": ${JSON.stringify(id)}`,
    '"source": "made by sub1m fuzz"',
    '"synthetic": true',
    '"edge": true',
    `"notes": ${JSON.stringify(notes)}`,
    '"kind": "efi"',
    `"ranges": [\n${rangesOf(pieces).map(inline).join(',\n')}\n  ]`,
  ];
  if (bda) {
    const { ebdaSegment, baseMemoryKiB } = bda;
    lines.push(`"bda": ${inline({ ebdaSegment: hex(ebdaSegment), baseMemoryKiB }).trim()}`);
  }
  const named = levers.map((name) => `\n    "${name}": true`);
  if (islands.length > 0) {
    const groups = islands.map(({ type, count }, index) => {
      const start = hex(ISLANDS + index * GROUP_STEP);
      return inline({ type, start, step: hex(ISLAND_STEP), count });
    });
    named.push(`\n    "islands": [\n${groups.join(',\n')}\n    ]`);
  }
  if (named.length > 0) lines.push(`"levers": {${named.join(',')}\n  }`);
  return `{\n  ${lines.join(',\n  ')}\n}\n`;
}

function rangesOf(pieces: readonly Piece[]): object[] {
  let page = 0;
  return pieces.flatMap(({ type, pages }) => {
    const start = page * PAGE_SIZE;
    page += pages;
    return type === null ? [] : [{ start: hex(start), end: hex(page * PAGE_SIZE - 1), type }];
  });
}

function inline(row: object): string {
  const fields = Object.entries(row).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  return `    { ${fields.join(', ')} }`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** The layout of a case. Throws `FormatError` for one that no file can say, such as one without a range. */
export function layoutOf(given: FuzzCase, id: string): Layout {
  return parseLayout(layoutText(given, { id, notes: '' }), id);
}

/** What a cell is that does not crash. */
const NO_CRASH = { trigger: 'none', vmcore: 'none', truth: 'none' } as const;

/** The cell of a case. `layout` is the path of its layout's file, or a name. */
export function specOf(
  { crashkernel, append, cpus, memoryMiB, ovmf, crash }: FuzzCase,
  { kernel, layout, policy }: Pick<CellSpec, 'kernel' | 'layout' | 'policy'>,
): CellSpec {
  const machine = { crashkernel, cpus, memoryMiB, ovmf, append: append.join(' ') };
  const life = crash === null ? NO_CRASH : { load: crash };
  return { ...STANDARD_CELL, kernel, layout, policy, ...machine, ...life };
}

/** What `reserve_bios_regions()` (arch/x86/kernel/ebda.c) takes as the lowest start, and at most leaves. */
const [BIOS_START_MIN, BIOS_START_MAX] = [0x2_0000, 0x9_f000];

/** What a firmware must leave in one piece above 64 KiB: twice a trampoline of any kernel. */
const ROOM = 16 * PAGE_SIZE;

/** Entries of every kernel's e820 map: `E820_MAX_ENTRIES_ZEROPAGE`; and what OVMF and the kernel have of them, at most. */
const [E820_MAX_ENTRIES, OTHER_ENTRIES] = [128, 24];

/** Whether every kernel has room for the map that its stub makes of the firmware's. One without NUMA has 131 entries. */
function fitsE820({ pieces, islands }: FuzzCase): boolean {
  const isRam = (name: FuzzCase['islands'][number]['type']): boolean =>
    EFI_MEMORY_TYPES.some((known) => known.name === name && known.ram);
  // Each cuts a range of RAM in two.
  const holes = islands.reduce((sum, { type, count }) => sum + (isRam(type) ? 0 : count), 0);
  return pieces.length + 2 * holes + OTHER_ENTRIES <= E820_MAX_ENTRIES;
}

/**
 * Whether the firmware leaves room for any kernel's trampoline, and has no larger a map than a kernel has room for: a
 * kernel that finds none is not to blame.
 */
export function isFair(given: FuzzCase): boolean {
  if (given.pieces.every(({ type }) => type === null) || !fitsE820(given)) return false;
  const { memoryMiB } = given;
  // What is above 1 MiB gives no room below it, and takes long to read.
  const { maps } = layoutOf({ ...given, islands: [] }, 'asked');
  const e820 = withMemmap(maps.e820, given.append.join(' '));
  if (!e820) return false;
  const { ebdaSegment, baseMemoryKiB } = maps.biosWords;
  const words = [ebdaSegment * 16, baseMemoryKiB * 1024];
  const end = Math.min(BIOS_START_MAX, ...words.filter((word) => word >= BIOS_START_MIN));
  const usable = e820.filter(({ ram }) => ram).map(({ range }) => range);
  const taken = e820.filter(({ ram }) => !ram).map(({ range }) => range);
  const outside = [physRange(0, 0x1_0000), physRange(end, memoryMiB * SZ_1M)];
  return without(rangeSet(usable), [...taken, ...outside]).some(
    (range) => rangeSize(range) >= ROOM,
  );
}
