// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { EvidenceFile } from '../../bundle/evidence.ts';
import { FormatError } from '../../errors.ts';
import { PHYS_ADDR_LIMIT, type PhysAddr, SZ_1M, physAddr } from '../../memory/pfn.ts';
import { type PhysRange, rangeSize } from '../../memory/phys-range.ts';
import { type Seen, type Unseen, seenFrom } from '../../seen.ts';
import type { Evidence } from './evidence.ts';
import { seenLowMemory } from './saved-memory.ts';
import { findTrampoline } from '../../memory/trampoline-bytes.ts';

const REAL_MODE = 'system/real-mode.json';

/**
 * Where the trampoline is: where the kernel's `real_mode_header` points, also of a kernel that died; or where its bytes
 * lie, of a kernel whose symbols do not show that (CONFIG_KALLSYMS_ALL).
 */
export function seenTrampoline(evidence: Evidence): Seen<PhysAddr> {
  const told = evidence.parsed(REAL_MODE, parseRealMode);
  if (told.value !== null || evidence.has(REAL_MODE)) return told;
  const dead = evidence.deadSystem.value;
  if (dead) return seenFrom(dead.trampoline, ({ paddr }) => ({ value: physAddr(paddr) }));
  const found = findPlace(evidence);
  if (found.value !== null) return { value: found.value.start };
  if (seenLowMemory(evidence).value === null) return told;
  return { ...hidden(found), why: `${told.why}; ${found.why}` };
}

/** The file that shows where it is. */
export function trampolineFile(evidence: Evidence): EvidenceFile {
  if (evidence.has(REAL_MODE)) return REAL_MODE;
  return evidence.deadSystem.value ? 'dead/kernel.json' : 'jump/low1m.bin';
}

/** The bytes of the kernel's trampoline, which depend on its configuration; of one found by its bytes, whole pages. */
export function seenTrampolineSize(evidence: Evidence): Seen<number> {
  return seenFrom(evidence.kallsyms, (symbols): Seen<number> => {
    const [start, end] = [symbols.get('real_mode_blob'), symbols.get('real_mode_blob_end')];
    const size = start && end ? Number(end - start) : 0;
    if (size > 0 && size <= SZ_1M) return { value: size };
    const found = findPlace(evidence);
    if (found.value !== null) return { value: rangeSize(found.value) };
    const expected = 'expected addresses of real_mode_blob and real_mode_blob_end';
    const isThere = seenLowMemory(evidence).value !== null;
    const why = `system/kallsyms: ${expected}; ${found.why}`;
    return { ...(isThere ? hidden(found) : found), why };
  });
}

/** Whether the kernel has none. */
export function hasNoTrampoline(evidence: Evidence): boolean {
  const header = evidence.parsed(REAL_MODE, readPointers).value?.real_mode_header;
  return header === 0n;
}

function findPlace(evidence: Evidence): Seen<PhysRange> {
  return seenFrom(seenLowMemory(evidence), findTrampoline);
}

/** What is not seen for want of symbols alone. */
function hidden(found: Unseen): Unseen {
  return { ...found, shownBy: 'CONFIG_KALLSYMS_ALL' };
}

const pointerSchema = z.templateLiteral([z.literal('0x'), z.hex()]).transform(BigInt);
const realModeSchema = z.object({
  real_mode_header: pointerSchema,
  /** Missing in a kernel whose map of all memory does not move. */
  page_offset_base: pointerSchema.optional(),
});

/** `__PAGE_OFFSET_BASE_L4` and `_L5` (arch/x86/include/asm/page_64_types.h). */
const CONSTANT_BASES = [0xffff888000000000n, 0xff11000000000000n];

/** The trampoline's physical address: its offset in the kernel's map of all memory. */
function parseRealMode(text: string): PhysAddr {
  const { real_mode_header: header, page_offset_base } = readPointers(text);
  const bases = page_offset_base === undefined ? CONSTANT_BASES : [page_offset_base];
  const [offset] = bases
    .map((base) => header - base)
    .filter((distance) => distance >= 0n && distance < BigInt(PHYS_ADDR_LIMIT));
  if (offset !== undefined) return physAddr(Number(offset));
  throw new FormatError('Cannot read real_mode_header: it is not in the map of all memory');
}

function readPointers(text: string): z.infer<typeof realModeSchema> {
  try {
    return realModeSchema.parse(JSON.parse(text));
  } catch (error) {
    const message = 'Cannot read real_mode_header: expected two pointers in JSON';
    throw new FormatError(message, { cause: error });
  }
}
