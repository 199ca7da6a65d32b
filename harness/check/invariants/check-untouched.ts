// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import { PAGE_SIZE, type Pfn } from '../../memory/pfn.ts';
import type { PageFate } from '../../model/low-memory.ts';
import type { Owner } from '../../model/owners.ts';
import type { Prediction } from '../../model/prediction.ts';
import { type Check, broken, kept, notAsked, undecided, unseen } from './finding.ts';
import type { Observation } from '../observe/observation.ts';
import { LOW, findPageFaults } from '../observe/page-faults.ts';

const SAVED_MEMORY = 'jump/low1m.bin';

/** Owners whose pages nobody may use or write. */
const LOCKED: readonly Owner[] = ['lock', 'reserved', 'bios', 'boot-services', 'pool'];

/** `lowmem.untouched` */
export const checkUntouched: Check = ({ observation, prediction }) => {
  const { tags, savedMemory } = observation;
  if (tags.value === null) return unseen(tags);
  if (tags.value.length === 0) return notAsked('No page was filled before the kernel came');
  if (prediction.value === null) return unseen(prediction);
  const predicted = prediction.value;
  const fates = predicted.pages;
  const filled = new Set(tags.value.map(({ page }) => page));
  const locked = LOW.filter(
    (page) => filled.has(page) && isLocked(fates[page]) && !isPartlyReserved(predicted, page),
  );
  const doubt = LOW.some((page) => filled.has(page) && fates[page]?.owner === 'undecided')
    ? predicted.doubt
    : null;
  if (locked.length === 0)
    return doubt ? undecided(doubt) : notAsked('No page that was filled is locked');
  if (savedMemory === null) return unseen(`The cell left no ${SAVED_MEMORY}`);
  if (savedMemory.value === null) return unseen(savedMemory);
  const written = writtenPages(observation);
  const faults = findPageFaults(locked, (page) =>
    written.has(page) ? `${fates[page]?.owner} predicted, but written` : null,
  );
  const evidence = SAVED_MEMORY;
  if (faults) return broken(faults.why, { evidence, pages: faults.pages });
  return doubt
    ? undecided(doubt)
    : kept(`None of ${counted(locked.length, 'locked page')} is written`, { evidence });
};

/** Whether nobody ever had the page: early kernel data may have been in it before it was locked. */
function isLocked(fate: PageFate | undefined): boolean {
  if (!fate || !LOCKED.includes(fate.owner)) return false;
  return fate.history.every(({ owner }) => owner !== 'kernel');
}

/** Whether memblock reserved only some of its bytes: early kernel data may have been in the others. */
function isPartlyReserved({ memblockCalls }: Prediction, page: Pfn): boolean {
  const edges = memblockCalls.flatMap(({ range }) => [range.start, range.end]);
  return edges.some((edge) => edge % PAGE_SIZE !== 0 && Math.floor(edge / PAGE_SIZE) === page);
}

/** Pages that were filled before the kernel started and no longer hold those bytes. */
export function writtenPages({ tags, savedMemory }: Observation): ReadonlySet<Pfn> {
  const crcs = savedMemory?.value?.crcs;
  if (!crcs) return new Set();
  const written = (tags.value ?? []).filter(({ page, crc }) => crcs[page] !== crc);
  return new Set(written.map(({ page }) => page));
}
