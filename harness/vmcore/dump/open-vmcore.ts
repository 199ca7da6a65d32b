// SPDX-License-Identifier: MIT
import { FormatError } from '../../errors.ts';
import { KERNEL_IMAGE_SIZE, START_KERNEL_MAP } from '../../memory/image-phys.ts';
import { type Extent, readExactly } from './bounded-read.ts';
import type { ByteSource } from './byte-source.ts';
import { cachedSource } from './cached-source.ts';
import { elfMemory } from './elf-memory.ts';
import { type ElfNote, elfNotes } from './elf-notes.ts';
import { type ElfLoad, isElf, readElfCore } from './elf.ts';
import { flattenedSource, isFlattened } from './flattened.ts';
import { refuseForeignNotes, refuseWithoutMemory } from './foreign-elf.ts';
import { kdumpEnd, kdumpMemory } from './kdump-compressed.ts';
import { isKdump, readKdumpHeader } from './kdump-header.ts';
import { HEAD_BYTES, refuseUnknown } from './known-formats.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { type CpuRegisters, cpuRegisters } from './prstatus.ts';
import { type Vmcoreinfo, parseVmcoreinfo } from './vmcoreinfo.ts';

/** A dump of a machine, in any format. */
export interface Vmcore {
  readonly format: 'elf' | 'kdump-compressed';
  /** Whether it is in makedumpfile's flattened format. */
  readonly flattened: boolean;
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes missing at its end, at least; 0 if flattened: that opens only if it is complete. */
  readonly lacks: number;
  /** Do not write to the bytes it gives. */
  readonly memory: PhysicalMemory;
  /** null if the dump has none, like QEMU's without `-device vmcoreinfo`. */
  readonly vmcoreinfo: Vmcoreinfo | null;
  /** The CPUs in the order of their notes. */
  readonly cpus: readonly CpuRegisters[];
  readonly notes: readonly ElfNote[];
  /** Values of the kernel's `phys_base` that its headers tell, for those whose VMCOREINFO does not. */
  readonly physBases: readonly number[];
}

/** Bytes of notes: some 400 a CPU, twice that in QEMU's dumps, and Linux has at most 8192 CPUs. */
const MAX_NOTE_BYTES = 8 * 1024 * 1024;

/**
 * Opens a dump of an x86-64 machine, ELF or kdump-compressed, flattened or not. Its memory is read
 * from `source` on demand. Throws `FormatError`, or `UnsupportedFormatError` with what the file is
 * instead.
 */
export function openVmcore(source: ByteSource): Vmcore {
  const flattened = isFlattened(source.read(0, Math.min(HEAD_BYTES, source.size)));
  const dump = cachedSource(flattened ? flattenedSource(source) : source);
  const file = { flattened, size: source.size };
  const head = dump.read(0, Math.min(HEAD_BYTES, dump.size));
  if (!isElf(head) && !isKdump(head)) return refuseUnknown(head);
  const opened = isElf(head) ? openElf(dump) : openKdump(dump);
  // A flattened dump may end in zeroes that were left out, and a record proves it complete.
  return { ...file, ...opened, lacks: flattened ? 0 : opened.lacks };
}

type OpenDump = Omit<Vmcore, 'flattened' | 'size'>;

function openElf(dump: ByteSource): OpenDump {
  const core = readElfCore(dump);
  checkTotal(core.notes.reduce((total, { fileBytes }) => total + fileBytes, 0));
  const notes = core.notes.flatMap(({ offset, fileBytes: bytes }) =>
    readNotes(dump, { offset, bytes }),
  );
  refuseWithoutMemory(dump, core);
  const end = core.loads.reduce((far, load) => Math.max(far, load.offset + load.fileBytes), 0);
  return {
    format: 'elf',
    lacks: Math.max(0, end - dump.size),
    memory: elfMemory(dump, core),
    vmcoreinfo: findVmcoreinfo(notes),
    cpus: cpuRegisters(notes),
    notes,
    physBases: physBasesOf(core.loads),
  };
}

/** A PT_LOAD of the kernel image has its address in the image's mapping; some have none. */
function physBasesOf(loads: readonly ElfLoad[]): number[] {
  const ofImage = loads.filter(
    ({ vaddr }) => vaddr >= START_KERNEL_MAP && vaddr < START_KERNEL_MAP + KERNEL_IMAGE_SIZE,
  );
  return [...new Set(ofImage.map(({ paddr, vaddr }) => paddr - Number(vaddr - START_KERNEL_MAP)))];
}

function openKdump(dump: ByteSource): OpenDump {
  const header = readKdumpHeader(dump);
  checkTotal(header.notes?.bytes ?? 0);
  checkTotal(header.vmcoreinfo?.bytes ?? 0);
  const notes = header.notes ? readNotes(dump, header.notes) : [];
  const text = header.vmcoreinfo && readExactly(dump, 'VMCOREINFO', header.vmcoreinfo);
  return {
    format: 'kdump-compressed',
    lacks: Math.max(0, kdumpEnd(dump, header) - dump.size),
    memory: kdumpMemory(dump, header),
    vmcoreinfo: text ? parseVmcoreinfo(text) : findVmcoreinfo(notes),
    cpus: cpuRegisters(notes),
    notes,
    physBases: [header.physBase],
  };
}

function checkTotal(bytes: number): void {
  if (bytes <= MAX_NOTE_BYTES) return;
  throw new FormatError(
    `Cannot read the notes: expected at most ${MAX_NOTE_BYTES} bytes, found ${bytes}`,
  );
}

function readNotes(dump: ByteSource, extent: Extent): ElfNote[] {
  const notes = [...elfNotes(readExactly(dump, 'the notes', extent), extent.offset)];
  refuseForeignNotes(notes);
  return notes;
}

function findVmcoreinfo(notes: readonly ElfNote[]): Vmcoreinfo | null {
  const note = notes.find(({ name }) => name === 'VMCOREINFO');
  return note ? parseVmcoreinfo(note.desc) : null;
}
