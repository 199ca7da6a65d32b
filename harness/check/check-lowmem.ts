// SPDX-License-Identifier: MIT
import { findParameter } from '../memory/kernel-cmdline.ts';
import { lowPages } from '../memory/page-map.ts';
import { PAGE_SIZE, type Pfn, SZ_1M, hex, pfn } from '../memory/pfn.ts';
import type { MemblockLine } from '../memory/memblock-log.ts';
import { physRange, renderRange } from '../memory/phys-range.ts';
import type { Prediction } from '../model/prediction.ts';
import { agrees, isUsable } from './agreement.ts';
import type { Observation } from './observation.ts';
import { type Check, type Finding, broken, kept, notAsked, unseen } from './finding.ts';

const KPAGEFLAGS = { evidence: 'system/kpageflags' };
const LOW = lowPages(physRange(0, SZ_1M));

/** `lowmem.matches-model` */
export const checkMatchesModel: Check = ({ observation, prediction }) => {
  if (observation.pages.value === null) return unseen(observation.pages.why);
  if (prediction.value === null) return unseen(prediction.why);
  const differences = new Map<string, Pfn[]>();
  for (const page of LOW) {
    const [owner, seen] = [prediction.value.pages[page]?.owner, observation.pages.value[page]];
    if (owner && seen && agrees(owner, seen)) continue;
    const difference = `${owner} predicted, ${seen} observed`;
    differences.set(difference, [...(differences.get(difference) ?? []), page]);
  }
  if (differences.size === 0) return checkMemblockLog(prediction.value, observation);
  const why = Array.from(
    differences,
    ([difference, pages]) => `${countPages(pages)}: ${difference}`,
  );
  const pages = LOW.filter((page) => [...differences.values()].flat().includes(page));
  return broken(why.join('; '), { ...KPAGEFLAGS, pages });
};

/** The pages are as predicted: are, with `memblock=debug`, the calls that led to it? */
function checkMemblockLog(prediction: Prediction, { memblockCalls }: Observation): Finding {
  const pages = `All 256 pages are as ${prediction.policy} has them`;
  if (memblockCalls === null) return kept(pages, KPAGEFLAGS);
  const wanted = prediction.memblockCalls.map(renderCall);
  const found = memblockCalls.map(renderCall);
  const length = Math.max(wanted.length, found.length);
  const at = Array.from({ length }, (_, index) => index).find((i) => wanted[i] !== found[i]);
  if (at === undefined)
    return kept(`${pages}, by the same ${length} calls of memblock`, KPAGEFLAGS);
  const why = `Call ${at + 1} of memblock: ${wanted[at] ?? 'none'} predicted, ${found[at] ?? 'none'} logged`;
  return broken(why, { evidence: 'system/dmesg' });
}

function renderCall({ call, range }: MemblockLine): string {
  return `${call} ${renderRange(range)}`;
}

/** `lowmem.page0-kept` */
export const checkPage0Kept: Check = ({ observation: { pages } }) => {
  if (pages.value === null) return unseen(pages.why);
  const proof = { ...KPAGEFLAGS, pages: [pfn(0)] };
  return pages.value[0] && isUsable(pages.value[0])
    ? broken('The page allocator has page 0', proof)
    : kept('The page allocator does not have page 0', KPAGEFLAGS);
};

/** `lowmem.locked` */
export const checkLocked: Check = ({ cmdline, observation, prediction }) => {
  if (!findParameter(cmdline, 'crashkernel')) return notAsked('The cell is without crashkernel');
  if (observation.pages.value === null) return unseen(observation.pages.why);
  const classes = observation.pages.value;
  const pages = LOW.filter((page) => isUsable(classes[page] ?? 'absent'));
  if (pages.length === 0) return kept('The system kernel can use no page below 1 MiB', KPAGEFLAGS);
  const why = `The system kernel can use ${countPages(pages)} below 1 MiB`;
  const freedBy = prediction.value && whoFreed(prediction.value, pages);
  const because = freedBy ? `: freed by ${freedBy} although crashkernel locks low memory` : '';
  return broken(why + because, { ...KPAGEFLAGS, pages });
};

/** The kernel functions that the model saw free pages; nothing where it did not see it of all. */
function whoFreed({ pages: fates }: Prediction, pages: readonly Pfn[]): string | null {
  const events = pages.map((page) => fates[page]?.history.at(-1));
  if (events.some((event) => event?.owner !== 'free')) return null;
  return [...new Set(events.map((event) => event?.step))].join(' and ');
}

/** `lowmem.trampoline` */
export const checkTrampoline: Check = ({ observation, prediction }) => {
  // Some kernels have no symbol for it; then it cannot be asked.
  if (observation.trampoline.value === null) return notAsked(observation.trampoline.why);
  if (prediction.value === null) return unseen(prediction.why);
  const [found, wanted] = [observation.trampoline.value, prediction.value.trampoline];
  const evidence = 'system/real-mode.json';
  if (found >= SZ_1M || found % PAGE_SIZE !== 0) {
    return broken(`It is at ${hex(found)}, not at a page below 1 MiB`, { evidence });
  }
  const pages = lowPages(wanted ?? physRange(found, found + 1));
  if (wanted?.start !== found) {
    const place = wanted ? hex(wanted.start) : 'no place';
    return broken(`It is at ${hex(found)}, ${place} predicted`, { evidence, pages });
  }
  return kept(`It is at ${hex(found)}`, { evidence, pages });
};

function countPages(pages: readonly Pfn[]): string {
  return pages.length === 1 ? '1 page' : `${pages.length} pages`;
}
