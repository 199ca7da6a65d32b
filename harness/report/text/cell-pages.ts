// SPDX-License-Identifier: MIT
import { agrees } from '../../check/observe/agreement.ts';
import type { Judgement } from '../../check/judgement.ts';
import type { PageClass } from '../../memory/kpageflags.ts';
import { LOW_PAGES } from '../../memory/pfn.ts';
import type { Owner } from '../../model/owners.ts';

/** What a cell shows of one page below 1 MiB; null is unknown. */
export interface CellPage {
  readonly predicted: Owner | null;
  readonly observed: PageClass | null;
}

/** The 256 pages of a cell. */
export function cellPages({ prediction, observation }: Judgement): CellPage[] {
  return Array.from({ length: LOW_PAGES }, (_, page) => ({
    predicted: prediction?.pages[page]?.owner ?? null,
    observed: observation.pages.value?.[page] ?? null,
  }));
}

/** Whether the page was not observed as predicted. */
export function disagrees({ predicted, observed }: CellPage): boolean {
  return predicted !== null && observed !== null && !agrees(predicted, observed);
}
