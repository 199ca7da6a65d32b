// SPDX-License-Identifier: MIT
import type { CellChanges } from '../../matrix/compare-cells.ts';
import { renderPages } from '../../memory/page-map.ts';
import { pfn } from '../../memory/pfn.ts';
import { groupBy } from '../../group-by.ts';

/** Pages that change owner in the same way, as runs. */
export function pageRuns({ pages }: CellChanges): {
  readonly pages: readonly string[];
  readonly from: string;
  readonly to: string;
}[] {
  const alike = groupBy(pages, ({ from, to }) => `${from} → ${to}`);
  return [...alike.values()].map((group) => ({
    pages: renderPages(group.map(({ page }) => pfn(page))),
    from: group[0]?.from ?? '',
    to: group[0]?.to ?? '',
  }));
}
