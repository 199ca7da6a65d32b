// SPDX-License-Identifier: MIT
import { type Pfn, pfn } from '../../memory/pfn.ts';
import type { Prediction } from '../../model/prediction.ts';

/** A page that the page allocator has at the end, and the step that freed it; null if nobody ever reserved it. */
interface FreePage {
  readonly page: Pfn;
  readonly step: string | null;
}

/** The pages below 1 MiB that a kernel can use. */
export function freePages({ pages }: Prediction): FreePage[] {
  return pages.flatMap(({ owner, history }, page) =>
    owner === 'free'
      ? [{ page: pfn(page), step: history.length > 1 ? (history.at(-1)?.step ?? null) : null }]
      : [],
  );
}
