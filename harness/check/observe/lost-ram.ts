// SPDX-License-Identifier: MIT
import { parseFirmwareMemmap } from '../../memory/e820.ts';
import { withMemmap } from '../../memory/memmap-parameter.ts';
import { SZ_1M } from '../../memory/pfn.ts';
import { type PhysRange, physRange } from '../../memory/phys-range.ts';
import { rangeSet, without } from '../../memory/range-set.ts';
import type { Evidence } from './evidence.ts';

/**
 * RAM above 1 MiB that the system kernel was given, and that its `/proc/iomem` has under no name: it is neither used nor
 * dumped. What the kernel reserves for tables has a name there. Empty where one of the maps was not seen.
 */
export function findLostRam(evidence: Evidence): readonly PhysRange[] {
  const given = evidence.parsed('system/firmware-memmap', parseFirmwareMemmap).value;
  const iomem = evidence.iomem.value;
  const maps = given && withMemmap(given, evidence.cmdline);
  if (!maps || !iomem) return [];
  const ram = rangeSet(maps.filter((entry) => entry.ram).map(({ range }) => range));
  return without(ram, [physRange(0, SZ_1M), ...iomem.map(({ range }) => range)]);
}
