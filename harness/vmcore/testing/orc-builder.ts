// SPDX-License-Identifier: MIT
import type { SymbolSpec } from './kallsyms-builder.ts';

/** The format of an ORC entry: up to 6.3, up to 6.16, and later. */
export type OrcStyle = '6.1' | '6.12' | '7.3';

/** An entry that begins at an offset of the text. */
export interface OrcSpec {
  readonly from: number;
  readonly by: (typeof KINDS)[number];
  /** Bytes from the stack or frame pointer to the caller's stack pointer. */
  readonly offset?: number;
  /** Where `bp` is saved, from the caller's stack pointer. */
  readonly bp?: number;
}

/** The kinds of frames, in the order of `kinds` in `BITS`. */
const KINDS = ['sp', 'bp', 'end', 'unknown', 'regs', 'partial regs'] as const;

/** The 16 bits after the offsets, and what a saved `bp` adds to them. */
const BITS: Readonly<Record<OrcStyle, { kinds: readonly number[]; savedBp: number }>> = {
  '6.1': { kinds: [0x005, 0x004, 0x400, 0x000, 0x105, 0x205], savedBp: 0x10 },
  '6.12': { kinds: [0x205, 0x204, 0x100, 0x000, 0xb05, 0xc05], savedBp: 0x10 },
  '7.3': { kinds: [0x203, 0x204, 0x100, 0x000, 0xb03, 0xc03], savedBp: 0x80 },
};

/** Writes both tables at an offset, and gives their symbols. */
export function addOrc(
  ram: Buffer,
  at: number,
  { style, entries }: { readonly style: OrcStyle; readonly entries: readonly OrcSpec[] },
): SymbolSpec[] {
  const table = at + entries.length * 4;
  for (const [index, { from, by, offset = 0, bp }] of entries.entries()) {
    ram.writeInt32LE(from - (at + index * 4), at + index * 4);
    ram.writeInt16LE(offset, table + index * 6);
    ram.writeInt16LE(bp ?? 0, table + index * 6 + 2);
    const { kinds, savedBp } = BITS[style];
    const bits = (kinds[KINDS.indexOf(by)] ?? 0) + (bp === undefined ? 0 : savedBp);
    ram.writeUInt16LE(bits, table + index * 6 + 4);
  }
  return [
    { name: '__start_orc_unwind_ip', offset: at },
    { name: '__stop_orc_unwind_ip', offset: table },
    { name: '__start_orc_unwind', offset: table },
  ];
}
