// SPDX-License-Identifier: MIT
import type { E820Entry } from '../memory/e820.ts';
import { lowPages, pageRange } from '../memory/page-map.ts';
import { SZ_1M } from '../memory/pfn.ts';
import { type PhysRange, covers, intersects, physRange } from '../memory/phys-range.ts';
import type { Owner } from './owners.ts';

/** A change of owner: the kernel's function that gave the page away, to whom, and why. */
export interface PageEvent {
  readonly step: string;
  readonly owner: Owner;
  readonly why: string;
}

/** A page and how it came to its owner: that of the last event. */
export interface PageFate {
  readonly owner: Owner;
  readonly history: readonly PageEvent[];
}

/** The state that a policy's steps hand on. */
export interface LowMemory {
  /** The 256 pages below 1 MiB. */
  readonly pages: readonly PageFate[];
  /** Null while it has no place. */
  readonly trampoline: PhysRange | null;
  /** Boot services that are reserved, and to be released. */
  readonly bootServices: readonly PhysRange[];
}

/** Low memory as the kernel finds it: whole pages of RAM are free, the rest is the firmware's. */
export function initialLowMemory(e820: readonly E820Entry[]): LowMemory {
  const ram = e820.filter((entry) => entry.ram).map((entry) => entry.range);
  const other = e820.filter((entry) => !entry.ram).map((entry) => entry.range);
  const pages = lowPages(physRange(0, SZ_1M)).map((page) => {
    const bytes = pageRange(page);
    const usable = covers(ram, bytes) && !other.some((range) => intersects(range, bytes));
    return changed({ owner: 'firmware', history: [] }, e820Event(usable));
  });
  return { pages, trampoline: null, bootServices: [] };
}

function e820Event(usable: boolean): PageEvent {
  const step = 'e820__memory_setup';
  return usable
    ? { step, owner: 'free', why: 'RAM in the e820 map' }
    : { step, owner: 'firmware', why: 'no RAM in the e820 map' };
}

/** Reserves a range as `memblock_reserve()` does: its pages that are still free change owner. */
export function reserve(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  return change(memory, range, { event, when: (owner) => owner === 'free' });
}

/** Takes RAM off the e820 map, as `e820__range_update()` and `e820__range_remove()` do. */
export function removeRam(memory: LowMemory, range: PhysRange, event: PageEvent): LowMemory {
  return change(memory, range, { event, when: (owner) => owner !== 'firmware' });
}

/** Hands on those pages of a range that `from` owns. */
export function transfer(
  memory: LowMemory,
  range: PhysRange,
  { event, from }: { readonly event: PageEvent; readonly from: Owner },
): LowMemory {
  return change(memory, range, { event, when: (owner) => owner === from });
}

interface Change {
  readonly event: PageEvent;
  readonly when: (owner: Owner) => boolean;
}

function change(memory: LowMemory, range: PhysRange, { event, when }: Change): LowMemory {
  const touched = new Set<number>(lowPages(range));
  const pages = memory.pages.map((fate, page) =>
    touched.has(page) && when(fate.owner) ? changed(fate, event) : fate,
  );
  return { ...memory, pages };
}

function changed(fate: PageFate, event: PageEvent): PageFate {
  return { owner: event.owner, history: [...fate.history, event] };
}
