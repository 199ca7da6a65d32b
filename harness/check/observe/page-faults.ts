// SPDX-License-Identifier: MIT
import { counted } from '../../memory/counted.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { ALL_LOW_PAGES as LOW } from '../../memory/page-map.ts';
import type { Pfn } from '../../memory/pfn.ts';
import type { Prediction } from '../../model/prediction.ts';
import { agrees } from './agreement.ts';

export { ALL_LOW_PAGES as LOW } from '../../memory/page-map.ts';

/** What is wrong with pages, in words, and which pages. */
interface PageFaults {
  readonly why: string;
  readonly pages: readonly Pfn[];
}

/** Collects what is wrong with pages; pages with the same fault are counted together. Null if nothing is wrong. */
export function findPageFaults(
  pages: readonly Pfn[],
  faultOf: (page: Pfn) => string | null,
): PageFaults | null {
  const faults = pages.flatMap((page) => {
    const fault = faultOf(page);
    return fault === null ? [] : [{ page, fault }];
  });
  const counts = new Map<string, number>();
  for (const { fault } of faults) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  const why = Array.from(counts, ([fault, count]) => `${counted(count, 'page')}: ${fault}`).join(
    '; ',
  );
  return faults.length === 0 ? null : { why, pages: faults.map(({ page }) => page) };
}

/** Finds the pages whose class, as seen (`where`, in words), does not agree with the owner predicted for them. */
export function findDisagreements(
  { pages: fates }: Prediction,
  classes: readonly PageClass[],
  where: string,
): PageFaults | null {
  return findPageFaults(LOW, (page) => {
    const [owner, seen] = [fates[page]?.owner, classes[page]];
    return owner && seen && agrees(owner, seen) ? null : `${owner} predicted, ${seen} ${where}`;
  });
}
