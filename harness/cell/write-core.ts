// SPDX-License-Identifier: MIT
import { closeSync, openSync, writeSync } from 'node:fs';
import type { RamPlace } from '../qemu/machine-ram.ts';
import { elfCoreFile } from '../vmcore/dump/elf-core-file.ts';
import { flattenedPieces } from '../vmcore/dump/flatten.ts';
import { ramMemory } from './ram-memory.ts';

/** A machine that stands still, and the file that gets its core. */
export interface CoreJob {
  /** See `Machine.coreHead`. */
  readonly head: Uint8Array;
  readonly ram: RamPlace;
  readonly path: string;
}

/** Writes the ELF core of a machine, flattened. For a thread: it works at memory speed. */
export function writeCore({ head, ram, path }: CoreJob): void {
  const fd = openSync(path, 'w');
  try {
    for (const piece of flattenedPieces(elfCoreFile(head, ramMemory(ram)))) {
      for (let done = 0; done < piece.length;) done += writeSync(fd, piece, done);
    }
  } finally {
    closeSync(fd);
  }
}
