// SPDX-License-Identifier: MIT
import type { CellSpec } from '../bundle/cell-record.ts';
import { type Axes, type PlannedCell, expandSpecs, nameCells } from '../matrix/expand.ts';
import { DEFAULT_CRASHKERNEL } from '../memory/crashkernel.ts';

/** The cells that a kernel is checked with unless options say otherwise. */
export const STANDARDS = {
  quick: { crashkernel: [null, DEFAULT_CRASHKERNEL] },
  full: {
    crashkernel: [null, DEFAULT_CRASHKERNEL],
    layout: ['stock', 'thread-2021'],
    cpus: [1, 2],
    load: ['kexec_file_load', 'kexec_load'],
  },
} as const satisfies Record<string, Omit<Axes, 'kernel'>>;

export type Standard = keyof typeof STANDARDS;

/** The cells of each kernel, kernel by kernel; one load syscall is enough where nothing is loaded. */
export function standardCells(axes: Axes): PlannedCell[] {
  const specs = new Map<string, CellSpec>();
  for (const spec of expandSpecs(axes)) {
    const loads = spec.crashkernel !== null && spec.trigger !== 'none';
    const key = JSON.stringify({ ...spec, load: loads ? spec.load : null });
    if (!specs.has(key)) specs.set(key, spec);
  }
  return nameCells([...specs.values()].map((spec) => ({ spec })));
}

/** Each cell, and behind it the same cell of another kernel: what slows the host down slows both. */
export function besideBase(cells: readonly PlannedCell[], base: string): PlannedCell[] {
  const pairs = cells.flatMap(({ spec }) => [{ spec }, { spec: { ...spec, kernel: base } }]);
  return nameCells(pairs);
}
