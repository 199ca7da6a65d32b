// SPDX-License-Identifier: MIT
import type { BiosWords } from './bios-data-area.ts';
import type { E820Entry } from './e820.ts';
import type { EfiDescriptor } from './efi-memory-map.ts';

/** What a machine's firmware says about its memory. */
export interface MachineMaps {
  readonly e820: readonly E820Entry[];
  /** Null if only an e820 map is known. */
  readonly efiMap: readonly EfiDescriptor[] | null;
  readonly biosWords: BiosWords;
}
