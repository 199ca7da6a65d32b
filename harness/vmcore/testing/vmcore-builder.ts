// SPDX-License-Identifier: MIT
import { PAGE_SIZE } from '../../memory/pfn.ts';
import { type PhdrSpec, elfHeaders } from './elf-builder.ts';
import { FLAT_END, flatHeader } from './flattened-builder.ts';
import { type RegisterName, REGISTER_NAMES } from '../dump/prstatus.ts';

/** A note of a core file. */
export interface NoteSpec {
  readonly name: string;
  readonly type: number;
  readonly desc: Uint8Array | readonly number[];
}

/** The bytes of a note. */
export function noteBytes({ name, type, desc }: NoteSpec): Uint8Array {
  const nameBytes = Buffer.from(`${name}\0`, 'latin1');
  const header = Buffer.alloc(12);
  header.writeUInt32LE(nameBytes.length, 0);
  header.writeUInt32LE(desc.length, 4);
  header.writeUInt32LE(type, 8);
  return Buffer.concat([header, padded(nameBytes, 4), padded(Buffer.from(desc), 4)]);
}

/** The NT_PRSTATUS note of a CPU; registers left out are 0. */
export function prstatusNote(
  pid: number,
  registers: Partial<Record<RegisterName, bigint>> = {},
): NoteSpec {
  const desc = Buffer.alloc(336);
  desc.writeInt32LE(pid, 32);
  for (const [index, name] of REGISTER_NAMES.entries()) {
    desc.writeBigUInt64LE(registers[name] ?? 0n, 112 + index * 8);
  }
  return { name: 'CORE', type: 1, desc };
}

/** The VMCOREINFO note with these lines. */
export function vmcoreinfoNote(lines: readonly string[]): NoteSpec {
  return { name: 'VMCOREINFO', type: 0, desc: Buffer.from(`${lines.join('\n')}\n`, 'latin1') };
}

/** Memory in an ELF core; fields of its program header that are given override the right ones. */
export interface LoadSpec extends PhdrSpec {
  readonly bytes: Uint8Array;
}

/** Builds an ELF core file: headers, then notes, then memory. */
export function elfCoreBytes(notes: readonly NoteSpec[], loads: readonly LoadSpec[]): Uint8Array {
  const noteSegment = Buffer.concat(notes.map(noteBytes));
  const noteOffset = 64 + 56 * (loads.length + 1);
  let offset = noteOffset + noteSegment.length;
  const phdrs = loads.map(({ bytes, ...phdr }): PhdrSpec => {
    const at = offset;
    offset += bytes.length;
    const fileBytes = phdr.fileBytes ?? bytes.length;
    return { offset: at, memoryBytes: fileBytes, ...phdr, fileBytes };
  });
  const note = { type: 4, offset: noteOffset, memoryBytes: noteSegment.length };
  return Buffer.concat([
    elfHeaders([note, ...phdrs]),
    noteSegment,
    ...loads.map(({ bytes }) => bytes),
  ]);
}

/** A dump as `makedumpfile -F` writes it, in records of `recordBytes`. */
export function flattenedBytes(dump: Uint8Array, recordBytes: number): Uint8Array {
  const parts: Uint8Array[] = [flatHeader()];
  for (let at = 0; at < dump.length; at += recordBytes) {
    const data = dump.subarray(at, at + recordBytes);
    const header = Buffer.alloc(16);
    header.writeBigInt64BE(BigInt(at), 0);
    header.writeBigInt64BE(BigInt(data.length), 8);
    parts.push(header, data);
  }
  return Buffer.concat([...parts, FLAT_END]);
}

/** A page filled with one byte. */
export function pageOf(byte: number): Uint8Array {
  return new Uint8Array(PAGE_SIZE).fill(byte);
}

/** Pads bytes with zeroes to a multiple of `unit`. */
function padded(bytes: Uint8Array, unit: number): Uint8Array {
  const whole = Buffer.alloc(Math.ceil(bytes.length / unit) * unit);
  whole.set(bytes);
  return whole;
}
