// SPDX-License-Identifier: MIT
import { ByteReader, cString } from './byte-reader.ts';

/** A note of a core file (elf(5), "Notes"). */
export interface ElfNote {
  /** The owner, which defines its types: `CORE`, `QEMU`, `VMCOREINFO`. */
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array;
  /** Offset of `desc` in the dump. */
  readonly offset: number;
}

/**
 * Splits a PT_NOTE segment, at `base` in the dump, into its notes. An empty note ends it, as the
 * kernel's `final_note()` writes it. Throws `FormatError`.
 */
export function* elfNotes(segment: Uint8Array, base = 0): Generator<ElfNote> {
  const reader = new ByteReader(segment, 'Elf64_Nhdr', base);
  while (reader.remaining > 0) {
    const n_namesz = reader.u32();
    const n_descsz = reader.u32();
    const n_type = reader.u32();
    if (n_namesz === 0 && n_descsz === 0 && n_type === 0) return;
    const name = reader.bytes(align4(n_namesz)).subarray(0, n_namesz);
    const { offset } = reader;
    const desc = reader.bytes(align4(n_descsz)).subarray(0, n_descsz);
    yield { name: cString(name), type: n_type, desc, offset };
  }
}

/** Not by bit operations: a size that is a lie may need all 32 bits. */
function align4(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
