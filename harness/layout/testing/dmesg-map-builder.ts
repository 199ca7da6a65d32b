// SPDX-License-Identifier: MIT
/** Builds the lines in which kernels print their memory maps, for tests. */
import { EFI_ATTRIBUTES } from '../log/efi-lines.ts';
import type { E820Entry } from '../../memory/e820.ts';
import type { EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { EFI_MEMORY_TYPES } from '../../memory/efi-memory-types.ts';

/** How a kernel prints descriptors: up to v4.3, up to v5.6, later. */
export type EfiLineForm = 'exclusive' | 'long' | 'short';

const padded = (address: number): string => `0x${address.toString(16).padStart(16, '0')}`;

/** The lines of `efi_print_memmap()`. */
export function efiLines(efiMap: readonly EfiDescriptor[], form: EfiLineForm = 'short'): string {
  const lines = efiMap.map(({ type, range, attribute }, index) => {
    const number = String(index).padStart(2, '0');
    const words = EFI_MEMORY_TYPES[type]?.printed ?? [`type=${type}`];
    const word = (form === 'short' ? words[0] : words.at(-1)) ?? '';
    const [last, bracket] = form === 'exclusive' ? [range.end, ')'] : [range.end - 1, ']'];
    const size = Math.floor((range.end - range.start) / 2 ** 20);
    const type12 = word.padEnd(form === 'short' ? 12 : 19);
    return `efi: mem${number}: [${type12}${attributes(attribute)}] range=[${padded(range.start)}-${padded(last)}${bracket} (${size}MB)\n`;
  });
  return lines.join('');
}

function attributes(attribute: bigint): string {
  const known = Object.values(EFI_ATTRIBUTES).reduce((all, bit) => all | bit);
  if ((attribute & ~known) !== 0n) return `|attr=0x${attribute.toString(16).padStart(16, '0')}`;
  const words = Object.entries(EFI_ATTRIBUTES).map(([name, bit]) => (attribute & bit ? name : ''));
  return words.map((word, index) => `|${word.padStart(index === 0 ? 3 : 2)}`).join('');
}

/** The lines of `e820__print_table("BIOS-e820")`. */
export function e820Lines(e820: readonly E820Entry[]): string {
  return e820
    .map(
      ({ range, ram }) =>
        `BIOS-e820: [mem ${padded(range.start)}-${padded(range.end - 1)}] ${ram ? 'usable' : 'reserved'}\n`,
    )
    .join('');
}
