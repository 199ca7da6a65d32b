// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { STANDARD_CELL, type CellFault, type CellSpec } from '../bundle/cell-record.ts';
import { UsageError } from '../errors.ts';
import { parseCrashkernel } from '../memory/crashkernel.ts';
import { SZ_1M } from '../memory/pfn.ts';

/** The values of each field that a matrix crosses; a field it leaves out has its standard value. */
export type Axes = { readonly [F in keyof CellSpec]?: readonly CellSpec[F][] } & {
  readonly kernel: readonly string[];
};

/** A cell before it has run: what it asks for, and its name in reports and the results folder. */
export interface PlannedCell {
  /** Of `[a-z0-9._-]`, unique in its matrix; of others depends at most a number at its end. */
  readonly id: string;
  readonly spec: CellSpec;
  /** The seeded fault of its kernel, if it has one. */
  readonly fault?: CellFault;
}

type Field = keyof typeof STANDARD_CELL;
const FIELDS = Object.keys(STANDARD_CELL) as Field[];

/** Characters of a value that go into an id: with all fields it stays a file name (255 bytes). */
const ID_PART_LIMIT = 48;

/** The part of an id for a field whose value is not the standard one. */
const ID_PARTS: Readonly<Record<Field, (spec: CellSpec) => string>> = {
  crashkernel: ({ crashkernel }) => `crashkernel-${crashkernel}`,
  layout: ({ layout }) => basename(layout, '.json'),
  layoutBestEffort: () => 'best-effort',
  ovmf: ({ ovmf }) => `ovmf-${basename(ovmf)}`,
  load: ({ load }) => load,
  trigger: ({ trigger }) => (trigger === 'none' ? 'no-trigger' : trigger),
  cpus: ({ cpus }) => `${cpus}-cpus`,
  memoryMiB: ({ memoryMiB }) => `${memoryMiB}-mib`,
  accel: ({ accel }) => accel,
  vmcore: ({ vmcore }) => `vmcore-${vmcore}`,
  truth: ({ truth }) => `truth-${truth}`,
  append: ({ append }) => `append-${append}`,
  policy: ({ policy }) => policy,
  strict: () => 'strict',
  freshFirmware: () => 'fresh-firmware',
};

/** Cells that a matrix may have: they run for weeks. */
const CELLS_LIMIT = 100_000;

function requireFew(cells: number): void {
  if (cells <= CELLS_LIMIT) return;
  throw new UsageError(
    `Cannot run the matrix: expected at most ${CELLS_LIMIT} cells, found ${cells} or more; cross fewer values`,
  );
}

/** Every combination of the axes' values, kernel by kernel; a value given twice counts once. */
export function expand(axes: Axes): PlannedCell[] {
  return nameCells(expandSpecs(axes).map((spec) => ({ spec })));
}

/** See `expand`: before the cells have names. Throws `UsageError` for a crashkernel that reserves nothing, and for too many cells. */
export function expandSpecs(axes: Axes): CellSpec[] {
  let specs = [...new Set(axes.kernel)].map((kernel): CellSpec => ({ ...STANDARD_CELL, kernel }));
  for (const field of FIELDS) {
    const values = [...new Set(axes[field] ?? [STANDARD_CELL[field]])];
    requireFew(specs.length * values.length);
    specs = specs.flatMap((spec) => values.map((value): CellSpec => ({ ...spec, [field]: value })));
  }
  for (const spec of specs) requireCrashkernel(spec);
  return specs;
}

/** A kernel that rightly reserves nothing must not be blamed for it. */
function requireCrashkernel({ crashkernel, memoryMiB }: CellSpec): void {
  if (crashkernel === null) return;
  const request = parseCrashkernel(`crashkernel=${crashkernel}`, memoryMiB * SZ_1M);
  if (request && request.size >= SZ_1M) return;
  throw new UsageError(
    `Cannot use crashkernel=${crashkernel}: expected a value that reserves memory on a machine of ${memoryMiB} MiB, ` +
      'such as 256M, 256M,high or 1G-:256M; for none, give "none" (null in a matrix)',
  );
}

/** The cells without those that ask for what an earlier one does. */
export function eachOnce<T extends Omit<PlannedCell, 'id'>>(cells: readonly T[]): T[] {
  const first = new Map<string, T>();
  for (const cell of cells) {
    const key = JSON.stringify(cell.spec);
    if (!first.has(key)) first.set(key, cell);
  }
  return [...first.values()];
}

/** Gives the cells of a matrix their names. */
export function nameCells(cells: readonly Omit<PlannedCell, 'id'>[]): PlannedCell[] {
  const ids = new Set<string>();
  return cells.map((cell) => ({ id: claimId(cellId(cell.spec), ids), ...cell }));
}

/** Names the kernel, whether there is a crashkernel, and everything that is not standard. */
function cellId(spec: CellSpec): string {
  const special = FIELDS.filter((field) => spec[field] !== STANDARD_CELL[field]);
  const parts = special.map((field) => slug(ID_PARTS[field](spec)));
  if (spec.crashkernel === null) parts.unshift('no-crashkernel');
  // Only of a path do the folders not matter: `debian:6.12/rt` is a name.
  const kernel = /^[a-z]+:/.test(spec.kernel) ? spec.kernel : basename(spec.kernel);
  return [slug(kernel), ...parts].join('.');
}

function slug(text: string): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9._]+/g, '-');
  return plain.slice(0, ID_PART_LIMIT).replaceAll(/^[.-]+|[.-]+$/g, '') || 'unnamed';
}

/** A number sets apart two kernels with the same file name, or two long command lines. */
function claimId(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let number = 2; taken.has(id); number++) id = `${wanted}.${number}`;
  taken.add(id);
  return id;
}
