// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import type { CellSpec } from '../bundle/cell-record.ts';
import { Admission, BESIDE_MIB, machinesAtATime } from '../matrix/admission.ts';
import { hostIsShort, readHostLoad } from '../process/host-load.ts';

/** What a host offers. */
interface Offer {
  readonly cpus: number;
  /** Null where it is not known. */
  readonly availableMiB: number | null;
}

/**
 * Lets so many machines run at a time; with `auto` as many as have their processors and memory, as long as the host is
 * not short of memory.
 */
export function admissionOf(
  jobs: number | 'auto',
  { cpus, availableMiB } = hostOffer(),
): Admission {
  if (jobs !== 'auto') return new Admission(machinesAtATime(jobs));
  const budget = { machines: Infinity, cpus, memoryMiB: availableMiB ?? Infinity };
  return new Admission(budget, ({ memoryMiB }) => !hostIsShort(memoryMiB + BESIDE_MIB));
}

/** About how many of these cells run at a time with `auto`: each has memory, and most their processors; at least 1. */
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

/** What this host offers now. */
export function hostOffer(): Offer {
  return { cpus: availableParallelism(), availableMiB: readHostLoad().availableMiB };
}
