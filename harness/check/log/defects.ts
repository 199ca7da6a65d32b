// SPDX-License-Identifier: MIT
/** The known defects of released kernels that a machine and its kernel can have: docs/findings.md has each. */
import { type ModelInputs, asksForCrashkernel } from '../../model/model-inputs.ts';
import type { Prediction } from '../../model/prediction.ts';
import { SZ_1M } from '../../memory/pfn.ts';
import { freePages } from './free-pages.ts';

/** A defect of a row that applies. */
export interface Defect {
  /** The heading in docs/findings.md. */
  readonly finding: string;
  readonly says: string;
  /** Since which release it is mended. */
  readonly mended: string;
}

/** What decides whether a defect applies; the release is null where nothing tells it. */
export interface DefectInputs {
  readonly inputs: ModelInputs;
  readonly prediction: Prediction;
  readonly isEfi: boolean;
  readonly isOf: (condition: string) => boolean;
}

interface DefectRow extends Defect {
  readonly when: (given: DefectInputs) => boolean;
}

const frees = (given: DefectInputs, step: string): boolean =>
  freePages(given.prediction).some((free) => free.step === step);
const says = ({ prediction }: DefectInputs, line: string): boolean =>
  prediction.logLines.some((one) => one.startsWith(line));
const locks = ({ prediction, inputs }: DefectInputs): boolean =>
  prediction.policy === 'lock-on-crashkernel' && asksForCrashkernel(inputs);
const reserves = ({ prediction }: DefectInputs): boolean =>
  prediction.policy.startsWith('reserve-1m');

const E820_MAX_ENTRIES_ZEROPAGE = 128;

/** What `crash_setup_memmap_entries()` puts before crashkernel memory, and one entry for that. */
const captureEntries = ({ e820 }: ModelInputs): number =>
  e820.filter(({ ram, range }) => !ram || range.start < SZ_1M).length + 1;

/** The table; each with the words for a machine's owner. */
export const DEFECTS: readonly DefectRow[] = [
  {
    finding: 'Locked memory is freed (5.5 to 5.12, all of 5.10)',
    says: 'boot services below 1 MiB are freed although crashkernel= locks them',
    mended: '5.13; never in 5.10 and 5.4',
    when: (given) => locks(given) && frees(given, 'efi_free_boot_services'),
  },
  {
    finding: 'No lock if the trampoline has no room (5.10)',
    says: 'the trampoline finds no free memory, and then nothing is locked',
    mended: '5.13; never in 5.10',
    when: (given) => locks(given) && says(given, 'No sub-1M memory'),
  },
  {
    finding:
      'The EFI memory map leaks out of the reserved first 1 MiB (5.13 and later with `CONFIG_ACPI_BGRT`, 7.3 too)',
    says: 'a copy of the EFI map is freed out of the first 1 MiB',
    mended: 'not yet',
    when: (given) => reserves(given) && frees(given, 'efi_memmap_install'),
  },
  {
    finding: "memblock's own list leaks, too (5.13 and later)",
    says: "memblock's list of reservations is freed out of the first 1 MiB",
    mended: 'not yet',
    when: (given) => reserves(given) && frees(given, 'memblock_discard'),
  },
  {
    finding: 'If that list cannot grow, reservations are lost',
    says: "memblock's list of reservations cannot grow, and memory in use is freed",
    mended: 'not yet',
    when: (given) => says(given, 'memblock: Failed to double reserved array'),
  },
  {
    finding: '`efi=debug`, or boot services in small pieces, stop a kernel that otherwise boots',
    says: 'the trampoline finds no place, and the kernel panics',
    mended: 'not yet',
    when: ({ prediction }) => prediction.panic?.step === 'init_real_mode',
  },
  {
    finding: 'The capture kernel writes into the memory it is to dump (7.2 and 7.3; not 6.12)',
    says: 'the capture kernel clears 16 bytes of the memory that it dumps',
    mended: 'not yet',
    when: ({ inputs, isEfi, isOf }) => isEfi && asksForCrashkernel(inputs) && isOf('7.0..'),
  },
  {
    finding: 'More than 128 entries: a capture kernel without memory (all current kernels)',
    says: 'kexec_file_load gives the capture kernel no memory: its map is full of reserved ranges',
    mended: 'not yet',
    when: ({ inputs }) =>
      asksForCrashkernel(inputs) && captureEntries(inputs) > E820_MAX_ENTRIES_ZEROPAGE,
  },
  {
    finding: 'Zone DMA is empty in every capture kernel from 5.13 on',
    says: 'the capture kernel complains of allocation failures in zone DMA, which is empty',
    mended: '5.17, 5.16.3, 5.15.17: silenced, the zone is still empty',
    when: ({ inputs, isOf }) =>
      asksForCrashkernel(inputs) && (isOf('5.13..5.15.16') || isOf('5.16..5.16.2')),
  },
];

/** The defects that apply. */
export function findDefects(given: DefectInputs): Defect[] {
  return DEFECTS.flatMap(({ when, ...defect }) => (when(given) ? [defect] : []));
}
