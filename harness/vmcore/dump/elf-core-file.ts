// SPDX-License-Identifier: MIT
import { PAGE_SIZE, physAddr } from '../../memory/pfn.ts';
import { rangeSize } from '../../memory/phys-range.ts';
import { type ByteSource, bytesSource } from './byte-source.ts';
import { EHDR_BYTES, PHDR_BYTES, PT_LOAD, PT_NOTE, readElfCore } from './elf.ts';
import type { PhysicalMemory } from './physical-memory.ts';

/** A part of the file, at a multiple of the page size but for the headers. */
interface Part {
  readonly offset: number;
  readonly source: ByteSource;
}

/**
 * An ELF core file of `memory`, as a source: the notes of the core file that begins with `head`, which has them whole,
 * and a PT_LOAD for each range, at a multiple of the page size. Throws `FormatError` like `readElfCore()`.
 */
export function elfCoreFile(head: Uint8Array, memory: PhysicalMemory): ByteSource {
  const notes = Buffer.concat(
    readElfCore(bytesSource(head)).notes.map(({ offset, fileBytes }) =>
      head.subarray(offset, offset + fileBytes),
    ),
  );
  const notesAt = EHDR_BYTES + PHDR_BYTES * (1 + memory.ranges.length);
  let end = pageAligned(notesAt + notes.length);
  const loads = memory.ranges.map((range) => {
    const load = { offset: end, start: range.start, size: rangeSize(range) };
    end += pageAligned(load.size);
    return load;
  });
  const headers = Buffer.concat([
    ehdr(head, 1 + loads.length),
    phdr(PT_NOTE, { offset: notesAt, start: 0, size: notes.length }),
    ...loads.map((load) => phdr(PT_LOAD, load)),
    notes,
  ]);
  const parts: Part[] = [
    { offset: 0, source: bytesSource(headers) },
    ...loads.map(({ offset, start, size }) => ({
      offset,
      source: {
        size,
        read: (at: number, length: number) => memory.read(physAddr(start + at), length),
      },
    })),
  ];
  return { size: end, read: (offset, length) => readParts(parts, offset, length) };
}

/** What no part has is zero. */
function readParts(parts: readonly Part[], offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (const part of parts) {
    const from = Math.max(offset, part.offset);
    const to = Math.min(offset + length, part.offset + part.source.size);
    if (from < to) bytes.set(part.source.read(from - part.offset, to - from), from - offset);
  }
  return bytes;
}

/** The ELF header of another core file, with these program headers behind it and no sections. */
function ehdr(head: Uint8Array, phnum: number): Uint8Array {
  const bytes = Buffer.from(head.subarray(0, EHDR_BYTES));
  bytes.writeBigUInt64LE(BigInt(EHDR_BYTES), 32);
  bytes.writeBigUInt64LE(0n, 40);
  bytes.writeUInt16LE(phnum, 56);
  bytes.fill(0, 58);
  return bytes;
}

interface Segment {
  readonly offset: number;
  readonly start: number;
  readonly size: number;
}

/** As QEMU makes them without paging: no flags, no virtual address. */
function phdr(type: number, { offset, start, size }: Segment): Uint8Array {
  const bytes = Buffer.alloc(PHDR_BYTES);
  bytes.writeUInt32LE(type, 0);
  for (const [index, word] of [offset, 0, start, size, size].entries()) {
    bytes.writeBigUInt64LE(BigInt(word), 8 + index * 8);
  }
  return bytes;
}

function pageAligned(size: number): number {
  return Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
}
