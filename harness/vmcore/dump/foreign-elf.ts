// SPDX-License-Identifier: MIT
/** ELF core files that look like a vmcore but are none. */
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { type Extent, readExactly } from './bounded-read.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteSource } from './byte-source.ts';
import type { ElfNote } from './elf-notes.ts';
import type { ElfCore } from './elf.ts';

const EHDR_BYTES = 64;
const SHDR_BYTES = 64;
/** Bytes of section names; a core has a handful of sections, if any. */
const MAX_NAME_BYTES = 4096;

/** A note that every core of a process has, and no dump of a machine (include/uapi/linux/elf.h). */
const NT_AUXV = 6;

/** Throws `UnsupportedFormatError` if the notes are not those of a Linux kernel. */
export function refuseForeignNotes(notes: readonly ElfNote[]): void {
  // Xen's dumps have machine addresses where others have physical ones.
  if (notes.some(({ name }) => name === 'Xen')) throw dumpOfXen();
  if (!notes.some(({ name, type }) => name === 'CORE' && type === NT_AUXV)) return;
  throw new UnsupportedFormatError(
    'Cannot read this dump: expected a dump of a kernel, found a core file of a process',
  );
}

/** Throws `FormatError` if there is no PT_LOAD, `UnsupportedFormatError` if Xen uses sections. */
export function refuseWithoutMemory(source: ByteSource, core: ElfCore): void {
  if (core.loads.length > 0) return;
  if (sectionNames(source).includes('.note.Xen')) throw dumpOfXen();
  throw new FormatError('Cannot read this ELF core file: expected a PT_LOAD, found none');
}

function dumpOfXen(): UnsupportedFormatError {
  return new UnsupportedFormatError(
    'Cannot read this dump: expected a dump of a Linux kernel, found one of Xen',
  );
}

/** The table of section names, which ends each with a NUL; empty if there is none. */
function sectionNames(source: ByteSource): string {
  const read = (what: string, extent: Extent): ByteReader =>
    new ByteReader(readExactly(source, what, extent), what, extent.offset);
  const ehdr = read('Elf64_Ehdr', { offset: 0, bytes: EHDR_BYTES });
  ehdr.skip(40);
  const e_shoff = ehdr.size();
  ehdr.skip(14);
  const e_shstrndx = ehdr.u16();
  if (e_shoff === 0) return '';
  const offset = e_shoff + e_shstrndx * SHDR_BYTES;
  const shdr = read('Elf64_Shdr', { offset, bytes: SHDR_BYTES });
  shdr.skip(24);
  const names = { offset: shdr.size(), bytes: Math.min(shdr.size(), MAX_NAME_BYTES) };
  return Buffer.from(readExactly(source, 'the names of sections', names)).toString('latin1');
}
