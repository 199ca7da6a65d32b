// SPDX-License-Identifier: MIT
/** How large the files of a bundle can be, in bytes: a cell leaves no larger one, and none is read. */

const KIB = 1024;
const MIB = 1024 * KIB;

/** The memory of the largest machine that a cell may have, MiB: its pages are hashed one by one. */
export const MEMORY_LIMIT_MIB = 65_536;

/** The CPUs of the largest machine that QEMU makes, of any version. */
export const CPUS_LIMIT = 4096;

/** Of a cell's specification, what the size of its evidence depends on. */
export interface Machine {
  readonly memoryMiB: number;
  readonly cpus: number;
}

/** The most bytes that a file may have; the same for every cell, or for machines of a size. */
export type Limit = number | ((machine: Machine) => number);

/** What the host adds to a log that it cuts. */
export const LOG_NOTE_BYTES = KIB;

/** A serial port or QMP while the machine runs: `CellLogs` cuts it there. */
export const PORT_LOG = 32 * MIB + LOG_NOTE_BYTES;

/** A kernel's log, of which the end is kept: 16 times what the largest default of a distribution holds. */
export const KERNEL_LOG = 16 * MIB;

/** A table that a kernel prints: 10,000 lines; that of a machine of QEMU has a hundred. */
export const TABLE = MIB;

/** A line or a few: /proc/cmdline has at most 34 KiB (COMMAND_LINE_SIZE, XBC_DATA_MAX). */
export const LINES = 64 * KIB;

/** JSON that the host writes: its longest strings are some KiB, and `cellRecordSchema` limits them. */
export const RECORD = MIB;

/** `dead/kernel.json`: 131,072 regions of memblock with 150 bytes, 256 frames with 150 bytes for each of 300 CPUs. */
export const DEAD_RECORD = 32 * MIB;

export const LOW_MEMORY = MIB;
export const PAGE = 4 * KIB;

/** 8 bytes for each of 256 pages. */
export const LOW_PAGE_WORDS = 2 * KIB;

/** The CRC-32 of each page of memory. */
export function hashBytes({ memoryMiB }: Pick<Machine, 'memoryMiB'>): number {
  return memoryMiB * KIB;
}

/** The same, gzipped: what cannot be compressed grows by less than 1 in 1000. */
export function packedHashes(machine: Machine): number {
  return Math.ceil(hashBytes(machine) * 1.001) + KIB;
}

/**
 * `removed/pages.gz`, unpacked: a CRC-32 for each page, and twice their runs, of which there are at most half as many, with
 * a word for either end; before each list of runs, how many there are.
 */
export function removedPagesBytes(machine: Pick<Machine, 'memoryMiB'>): number {
  return 3 * hashBytes(machine) + 8;
}

/** The same, gzipped. */
export function packedRemovedPages(machine: Machine): number {
  return Math.ceil(removedPagesBytes(machine) * 1.001) + KIB;
}

/** A dump: LZO can only shrink a page; the rest is for headers and page descriptors. */
export function dumpBytes({ memoryMiB }: Pick<Machine, 'memoryMiB'>): number {
  return (Math.ceil(memoryMiB * 1.25) + 64) * MIB;
}

/** The same, of which zstd makes no more than 1 in 256 more. */
export function packedDump(machine: Machine): number {
  return Math.ceil(dumpBytes(machine) * (1 + 1 / 256)) + KIB;
}

/** What `info registers -a` says of each CPU, with AVX-512, is less than 16 KiB. */
export function registersBytes({ cpus }: Machine): number {
  return cpus * 16 * KIB;
}
