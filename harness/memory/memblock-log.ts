// SPDX-License-Identifier: MIT
import { SZ_1M } from './pfn.ts';
import { type PhysRange, findRange } from './phys-range.ts';

/** A call that changes `memblock.reserved`, as `memblock=debug` prints it. */
export interface MemblockLine {
  readonly call: 'reserve' | 'free';
  readonly range: PhysRange;
}

/** `memblock_reserve` and `memblock_free`; from 7.2 `__memblock_reserve`, from 5.16 `memblock_phys_free`. */
const LINE = /\b(?:__)?memblock_(reserve|(?:phys_)?free): \[0x([0-9a-f]+)-0x([0-9a-f]+)\]/g;

/** Several times what a kernel does below 1 MiB; the rest is not looked at. */
const CALLS_LIMIT = 16_384;

/** The `memblock=debug` lines of a kernel log for ranges that begin below 1 MiB, in order. */
export function parseMemblockLog(text: string): MemblockLine[] {
  const calls: MemblockLine[] = [];
  for (const [, name, first = '', last = ''] of text.matchAll(LINE)) {
    const range = findRange(first, last);
    if (!range || range.start >= SZ_1M) continue;
    calls.push({ call: name === 'reserve' ? 'reserve' : 'free', range });
    if (calls.length === CALLS_LIMIT) break;
  }
  return calls;
}
