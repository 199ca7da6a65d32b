// SPDX-License-Identifier: MIT
import { FormatError, UnsupportedFormatError } from '../errors.ts';
import { readExactly } from './bounded-read.ts';
import type { ByteSource } from './byte-source.ts';
import { elfMemory } from './elf-memory.ts';
import { type ElfNote, elfNotes } from './elf-notes.ts';
import { type ElfCore, readElfCore } from './elf.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { type CpuRegisters, cpuRegisters } from './prstatus.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from './vmcoreinfo.ts';

/** A dump of a machine, whatever format it has. */
export interface Vmcore {
  readonly format: 'elf' | 'kdump-compressed';
  /** Whether it lies in makedumpfile's flattened format. */
  readonly flattened: boolean;
  /** Bytes of the file. */
  readonly size: number;
  readonly memory: PhysicalMemory;
  /** null if the dump has none, as QEMU's without `-device vmcoreinfo`. */
  readonly vmcoreinfo: Vmcoreinfo | null;
  /** The CPUs in the order of their notes. */
  readonly cpus: readonly CpuRegisters[];
  readonly notes: readonly ElfNote[];
}

/** Bytes of notes: some 400 for each CPU. */
const MAX_NOTE_BYTES = 64 * 1024 * 1024;

/** Opens a dump of an x86-64 machine; reading its memory reads from `source`. Throws `FormatError`. */
export function openVmcore(source: ByteSource): Vmcore {
  const core = readElfCore(source);
  const notes = readNotes(source, core);
  if (notes.some(({ name }) => name === 'Xen')) {
    throw new UnsupportedFormatError('Cannot read this dump: it is one of a Xen host');
  }
  const note = notes.find(({ name }) => name === 'VMCOREINFO');
  return {
    format: 'elf',
    flattened: false,
    size: source.size,
    memory: elfMemory(source, core),
    vmcoreinfo: note ? parseVmcoreinfo(note.desc) : null,
    cpus: cpuRegisters(notes),
    notes,
  };
}

function readNotes(source: ByteSource, core: ElfCore): ElfNote[] {
  return core.notes.flatMap(({ offset, fileBytes }) => {
    if (fileBytes > MAX_NOTE_BYTES) {
      throw new FormatError(
        `Cannot read the notes: at most ${MAX_NOTE_BYTES} bytes wanted, ${fileBytes} found`,
      );
    }
    const segment = readExactly(source, 'the notes', { offset, bytes: fileBytes });
    return [...elfNotes(segment, offset)];
  });
}
