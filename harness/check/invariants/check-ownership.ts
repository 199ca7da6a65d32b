// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import { lowPages } from '../../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, pfn } from '../../memory/pfn.ts';
import { clippedRange, rangeSize } from '../../memory/phys-range.ts';
import { isUsable } from '../observe/agreement.ts';
import { writtenPages } from './check-untouched.ts';
import { type CellCase, type Check, broken, kept, notAsked, undecided, unseen } from './finding.ts';
import { HOLE } from '../observe/firmware-memory.ts';
import { LOW, findPageFaults } from '../observe/page-faults.ts';

const SAVED_MEMORY = 'jump/low1m.bin';
const NOT_SAVED = `The cell left no ${SAVED_MEMORY}`;

/** `lowmem.single-owner` */
export const checkSingleOwner: Check = (cell) => {
  const { pages, pagesIn: evidence, firmwareMemory, trampoline } = cell.observation;
  if (pages.value === null) return unseen(pages);
  const classes = pages.value;
  const owners = ownersBesides(cell);
  const faults = findPageFaults(LOW, (page) => {
    const [seen, owner] = [classes[page], owners.get(page)];
    return seen && isUsable(seen) && owner !== undefined ? `${seen}, but ${owner} too` : null;
  });
  if (faults) return broken(faults.why, { evidence, pages: faults.pages });
  if (firmwareMemory.value === null) return unseen(firmwareMemory);
  if (cell.prediction.value === null) return unseen(cell.prediction);
  if (trampoline.value === null) return unseen(trampoline);
  // Its size is that of the place where it is predicted.
  const { doubt } = cell.prediction.value;
  if (doubt?.trampoline) return undecided(doubt);
  return kept("No page that the page allocator has is the trampoline's, the firmware's or page 0", {
    evidence,
  });
};

/** The permanent owner of each page that has one, as far as the cell shows it, in words. */
function ownersBesides({ observation, prediction }: CellCase): Map<Pfn, string> {
  const { firmwareMemory, trampoline } = observation;
  const owners = new Map([[pfn(0), "the BIOS's"]]);
  for (const [index, type] of firmwareMemory.value?.entries() ?? []) {
    if (type !== null && type !== HOLE) owners.set(pfn(index), `the firmware's (${type})`);
  }
  if (trampoline.value === null || trampoline.value >= SZ_1M) return owners;
  const wanted = prediction.value?.trampoline;
  const size = wanted ? rangeSize(wanted) : PAGE_SIZE;
  const place = clippedRange(trampoline.value, trampoline.value + size);
  for (const page of lowPages(place)) owners.set(page, "the trampoline's");
  return owners;
}

/** From here to 1 MiB are the VGA hole and ROM, which a map need not list. */
const RAM_END = pfn(0xa0);

/** `lowmem.firmware-kept` */
export const checkFirmwareKept: Check = ({ observation }) => {
  const { pages, pagesIn, firmwareMemory, tags, savedMemory } = observation;
  if (firmwareMemory.value === null) return unseen(firmwareMemory);
  const types = firmwareMemory.value;
  const firmwarePages = LOW.filter((page) => page < RAM_END && types[page] !== null);
  if (firmwarePages.length === 0) return notAsked('Firmware keeps no memory below 640 KiB');
  const written = writtenPages(observation);
  const isFree = (page: Pfn): boolean => isUsable(pages.value?.[page] ?? 'absent');
  const faults = findPageFaults(firmwarePages, (page) => {
    const what = [...(isFree(page) ? ['free'] : []), ...(written.has(page) ? ['written'] : [])];
    return what.length === 0 ? null : `${types[page]}, ${what.join(' and ')}`;
  });
  if (faults) {
    const evidence = faults.pages.some(isFree) ? pagesIn : SAVED_MEMORY;
    return broken(faults.why, { evidence, pages: faults.pages });
  }
  if (pages.value === null) return unseen(pages);
  if (tags.value === null) return unseen(tags);
  const filled = tags.value.filter(({ page }) => firmwarePages.includes(page));
  const why = `None of ${counted(firmwarePages.length, 'firmware page')} is free`;
  const proof = { evidence: pagesIn, pages: firmwarePages } as const;
  if (filled.length === 0) return kept(`${why}; whether any is written does not show`, proof);
  if (savedMemory === null) return unseen(NOT_SAVED);
  if (savedMemory.value === null) return unseen(savedMemory);
  return kept(`${why}, none of the ${filled.length} that were filled is written`, proof);
};
