// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { CellSpec } from '../bundle/cell-record.ts';
import { readHostLoad } from '../process/host-load.ts';

/** What a machine takes beside its own memory, MiB: QEMU, and sub1m while it judges. */
const BESIDE_MIB = 512;

/** What a host offers. */
interface Offer {
  readonly cpus: number;
  /** Null where it is not known. */
  readonly availableMiB: number | null;
}

/** How many of these cells may run at a time so that each has memory, and most their processors; at least 1. */
export function autoJobs(
  cells: readonly Pick<CellSpec, 'cpus' | 'memoryMiB'>[],
  { cpus, availableMiB }: Offer = hostOffer(),
): number {
  const sorted = cells.map((cell) => cell.cpus).toSorted((one, other) => one - other);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 1;
  const largest = Math.max(0, ...cells.map(({ memoryMiB }) => memoryMiB)) + BESIDE_MIB;
  const byMemory = availableMiB === null ? Infinity : availableMiB / largest;
  return Math.max(1, Math.floor(Math.min(cpus / usual, byMemory)));
}

function hostOffer(): Offer {
  return { cpus: availableParallelism(), availableMiB: readHostLoad().availableMiB };
}
