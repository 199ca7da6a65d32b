// SPDX-License-Identifier: MIT
import { asciiJson } from '../memory/ascii-json.ts';
import { EFI_MEMORY_TYPES } from '../memory/efi-memory-types.ts';
import { SZ_1M, hex } from '../memory/pfn.ts';
import type { Layout } from './layout.ts';

/**
 * A layout as a file of `images/layouts/` has it, without anything that names a machine, its owner or its kernel's
 * builder: only ranges below 1 MiB, the words of the BIOS data area, and the version of the kernel.
 */
export function renderLayout({ maps, log }: Pick<Layout, 'maps' | 'log'>): string {
  const { e820, efiMap, biosWords } = maps;
  const [version] = /^\d+\.\d+(?:\.\d+)?/.exec(log?.causes.release ?? '') ?? [];
  const low = efiMap
    ? efiMap.map(({ range, type }) => ({
        range,
        type: EFI_MEMORY_TYPES[type]?.name ?? 'Reserved',
      }))
    : e820.map(({ range, ram }) => ({ range, type: ram ? 'usable' : 'reserved' }));
  const { ebdaSegment, baseMemoryKiB } = biosWords;
  const file = {
    schema: 1,
    id: 'mine',
    ...(version === undefined ? {} : { kernel: version }),
    source: 'sub1m explain --save-layout',
    kind: efiMap ? 'efi' : 'e820',
    ranges: low
      .filter(({ range }) => range.start < SZ_1M)
      .toSorted((a, b) => a.range.start - b.range.start)
      .map(({ range, type }) => ({ start: hex(range.start), end: hex(range.end - 1), type })),
    ...(ebdaSegment === 0 && baseMemoryKiB === 0
      ? {}
      : { bda: { ebdaSegment: hex(ebdaSegment), baseMemoryKiB } }),
  };
  return `${asciiJson(file, 2)}\n`;
}
