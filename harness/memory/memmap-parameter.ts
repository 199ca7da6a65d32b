// SPDX-License-Identifier: MIT
import type { E820Entry } from './e820.ts';
import { findSize, parseCmdline } from './kernel-cmdline.ts';
import { clippedRange, physRange } from './phys-range.ts';

/** The separators of `memmap=size<separator>start`, and whether they add RAM. */
const ADDS_RAM: Readonly<Record<string, boolean>> = { '@': true, '#': false, $: false, '!': false };

/**
 * The e820 map with the entries that `memmap=` adds, and without the RAM that `mem=` takes away (`parse_memmap_one()`,
 * `parse_memopt()`, arch/x86/kernel/e820.c), in their order.
 * Where entries overlap, one that is not RAM wins, as in `e820__update_table()`. Undefined for a form
 * that is not modelled (`%`).
 */
export function withMemmap(e820: readonly E820Entry[], cmdline: string): E820Entry[] | undefined {
  let entries: E820Entry[] | undefined = [...e820];
  for (const { name, value } of parseCmdline(cmdline)) {
    if (value === null) continue;
    if (name === 'mem') entries = entries && limitTo(entries, findSize(value)?.bytes ?? 0);
    if (name !== 'memmap') continue;
    for (const part of value.split(',')) entries = entries && applyPart(entries, part);
  }
  return entries;
}

/** `mem=`: no RAM from there on; 0 is no limit. */
function limitTo(entries: E820Entry[], limit: number): E820Entry[] {
  if (limit === 0) return entries;
  return entries.flatMap((entry) => {
    const { start, end } = entry.range;
    if (!entry.ram || end <= limit) return [entry];
    return start < limit ? [{ ...entry, range: physRange(start, limit) }] : [];
  });
}

function applyPart(entries: E820Entry[], part: string): E820Entry[] | undefined {
  if (part === 'exactmap') return [];
  const size = findSize(part);
  if (!size) return entries;
  if (size.rest === '') {
    return [...entries, { range: clippedRange(size.bytes, Infinity), ram: false }];
  }
  const ram = ADDS_RAM[size.rest.charAt(0)];
  const start = findSize(size.rest.slice(1));
  if (ram === undefined || !start) return undefined;
  return [...entries, { range: clippedRange(start.bytes, start.bytes + size.bytes), ram }];
}
