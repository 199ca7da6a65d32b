// SPDX-License-Identifier: MIT
import { type EvidenceFile, isEvidenceFile } from './evidence.ts';

/** The files that a guest sends, by their names in its tar (guest/PROTOCOL.md); the host makes the others. */
const FROM_GUEST: Readonly<Record<'system' | 'capture', readonly string[]>> = {
  system: [
    'iomem',
    'cmdline',
    'dmesg',
    'release',
    'cpus',
    'kallsyms',
    'kpageflags',
    'kpagecount',
    'boot-params',
    'firmware-memmap',
    'efi-runtime-map',
  ],
  capture: [
    'iomem',
    'cmdline',
    'dmesg',
    'release',
    'cpus',
    'zoneinfo',
    'vmcore-header',
    'crashed-dmesg',
    'makedumpfile.log',
    'vmcore-reads',
  ],
};

/** The evidence file that a guest sends under a name; undefined if it may not send one of that name. */
export function findGuestFile(
  role: keyof typeof FROM_GUEST,
  name: string,
): EvidenceFile | undefined {
  const path = `${role}/${name}`;
  return FROM_GUEST[role].includes(name) && isEvidenceFile(path) ? path : undefined;
}
