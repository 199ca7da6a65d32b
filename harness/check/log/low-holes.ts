// SPDX-License-Identifier: MIT
import { LOW_PAGES, PAGE_SIZE, SZ_1M } from '../../memory/pfn.ts';
import type { ModelInputs } from '../../model/model-inputs.ts';
import { isRam } from '../../model/owners.ts';
import type { Prediction } from '../../model/prediction.ts';
import type { Comparison, Predicted } from './comparison.ts';
import { isPastSetup } from './past-setup.ts';

/** `init_unavailable_range()` (mm/mm_init.c), from 5.12 to today, and in 5.10's later ones: one line for each hole, from address 0 up. */
const HOLES = /\bOn node \d{1,4}, zone DMA: (\d{1,7}) pages in unavailable ranges\b/g;
/** Printed once by each boot, before the holes are: by `free_area_init()`. */
const NODE_RANGES = /\bEarly memory node ranges\b/g;
const ZONE_DMA_END = 16 * SZ_1M;

/**
 * Where a newer kernel has RAM below 1 MiB: the sizes of the holes in `memblock.memory`, the last of which reaches into
 * the RAM above. Those that come later in the log lie higher, and are not compared.
 */
export function lowHoles(
  log: string,
  { inputs, prediction }: Pick<Predicted, 'inputs' | 'prediction'>,
): Comparison | null {
  const seen = [...log.matchAll(HOLES)].map(([, pages]) => Number(pages));
  const predicted = holesOf(inputs, prediction);
  const isRepeated = [...log.matchAll(NODE_RANGES)].length > 1;
  if (seen.length === 0 || predicted.length === 0 || isRepeated) return null;
  const shown = seen.slice(0, predicted.length);
  const asked = isPastSetup(log) ? predicted : predicted.slice(0, shown.length);
  return {
    what: 'the holes in RAM below 1 MiB',
    seen: renderHoles(shown),
    predicted: renderHoles(asked),
    agrees: shown.join() === asked.join(),
    pages: [],
  };
}

/** Pages of each hole; the last one only where the map says which RAM ends it. */
function holesOf({ e820 }: ModelInputs, { pages }: Prediction): number[] {
  const high = e820
    .filter(({ ram, range }) => ram && range.end > SZ_1M && range.start < ZONE_DMA_END)
    .map(({ range }) => Math.ceil(Math.max(range.start, SZ_1M) / PAGE_SIZE))
    .toSorted((a, b) => a - b);
  const low = pages.flatMap(({ owner }, page) => (isRam(owner) ? [page] : []));
  const starts = [...low, ...high.slice(0, 1)];
  return starts
    .map((start, index) => start - (index === 0 ? 0 : (starts[index - 1] ?? LOW_PAGES) + 1))
    .filter((size) => size > 0);
}

function renderHoles(sizes: readonly number[]): string {
  return `${sizes.join(', ')} pages`;
}
