// SPDX-License-Identifier: MIT
/** ELF core files that have the form of a vmcore and are none. */
import { FormatError, UnsupportedFormatError } from '../../errors.ts';
import { type Extent, readExactly } from './bounded-read.ts';
import { ByteReader } from './byte-reader.ts';
import type { ByteSource } from './byte-source.ts';
import type { ElfNote } from './elf-notes.ts';
import type { ElfCore } from './elf.ts';

const EHDR_BYTES = 64;
const SHDR_BYTES = 64;
/** Bytes of names of sections; a core that has any, has a handful. */
const MAX_NAME_BYTES = 4096;

/** What every core of a process has, and no dump of a machine (include/uapi/linux/elf.h). */
const NT_AUXV = 6;

/** Throws `UnsupportedFormatError` if the notes are of something else than a Linux kernel. */
export function refuseForeignNotes(notes: readonly ElfNote[]): void {
  // The hypervisor has machine addresses where others have physical ones.
  if (notes.some(({ name }) => name === 'Xen')) throw dumpOfXen();
  if (!notes.some(({ name, type }) => name === 'CORE' && type === NT_AUXV)) return;
  throw new UnsupportedFormatError(
    'Cannot read this dump: a dump of a kernel wanted, a core file of a process found',
  );
}

/** Throws `FormatError` if there is no memory, `UnsupportedFormatError` if Xen put it into sections. */
export function refuseWithoutMemory(source: ByteSource, core: ElfCore): void {
  if (core.loads.length > 0) return;
  if (sectionNames(source).includes('.note.Xen')) throw dumpOfXen();
  throw new FormatError('Cannot read this ELF core file: a PT_LOAD wanted, none found');
}

function dumpOfXen(): UnsupportedFormatError {
  return new UnsupportedFormatError(
    'Cannot read this dump: a dump of a Linux kernel wanted, one of Xen found',
  );
}

/** All names in the table of section names, NUL between them; none if there is no such table. */
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
