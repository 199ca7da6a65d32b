// SPDX-License-Identifier: MIT
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { EFI_MEMORY_TYPES } from '../../memory/efi-memory-types.ts';
import { withMemmap } from '../../memory/memmap-parameter.ts';
import { pageRange } from '../../memory/page-map.ts';
import { type Pfn, SZ_1M } from '../../memory/pfn.ts';
import { intersects } from '../../memory/phys-range.ts';
import { type Seen, seenFrom } from '../../seen.ts';
import { LOW } from './page-faults.ts';
import type { Evidence } from './evidence.ts';

/** The page is in no entry of the EFI map. */
export const HOLE = 'a hole';

/** The CRC-32 at `ExitBootServices` of a page that the personality filled. */
export interface PageTag {
  readonly page: Pfn;
  readonly crc: number;
}

/**
 * For each of the 256 pages below 1 MiB, why the firmware keeps it by the EFI map that the kernel was given: its type,
 * or `HOLE`. Null if it does not keep the page, if there is no such map, or if `memmap=` makes the page RAM.
 */
export function seenFirmwareMemory(evidence: Evidence): Seen<readonly (string | null)[]> {
  const added = withMemmap([], evidence.cmdline) ?? [];
  const given = added.filter(({ ram }) => ram).map(({ range }) => range);
  return seenFrom(evidence.efiMap, ({ efiMap }) => {
    const low = efiMap?.filter(({ range }) => range.start < SZ_1M);
    const isGiven = (page: Pfn): boolean =>
      given.some((range) => intersects(range, pageRange(page)));
    return { value: LOW.map((page) => (low && !isGiven(page) ? keeper(low, page) : null)) };
  });
}

function keeper(efiMap: readonly EfiDescriptor[], page: Pfn): string | null {
  // `efi_merge_regions()` has grown an entry over those after it, which it calls reserved then: the first is right.
  const entry = efiMap.find(({ range }) => intersects(range, pageRange(page)));
  if (!entry) return HOLE;
  const type = EFI_MEMORY_TYPES[entry.type];
  return type?.ram === true ? null : (type?.name ?? `type ${entry.type}`);
}

/** What pages were filled with before the kernel came; none in a cell with the firmware's own layout. */
export function seenTags({ cell, personality }: Evidence): Seen<readonly PageTag[]> {
  if (cell.spec.layout === 'stock') return { value: [] };
  return seenFrom(personality, ({ tags }) => ({
    value: Array.from(tags, ([page, crc]) => ({ page, crc })),
  }));
}
