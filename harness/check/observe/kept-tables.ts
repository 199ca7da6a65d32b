// SPDX-License-Identifier: MIT
import { EFI_BOOT_SERVICES_DATA, type EfiDescriptor } from '../../memory/efi-memory-map.ts';
import { findEsrtRange, findTableAddress, namesTable } from '../../memory/firmware-tables.ts';
import { type ModelInputs, keepsEfiMap } from '../../model/model-inputs.ts';
import type { Seen } from '../../seen.ts';

type KeptTables = ModelInputs['keptTables'];

/** The line of the kernel's log that names the boot logo's table. */
const BGRT = /\bACPI: BGRT 0x/;

/** What a kernel shows of the tables it keeps. */
interface KernelTraits {
  readonly log: string;
  /** Null if the kernel did not get that far. */
  readonly symbols: ReadonlyMap<string, unknown> | null;
}

/**
 * The tables that the kernel keeps: those in the inputs, and those that only its log names. A table
 * whose place is unknown is beyond the model, since keeping it may take memory below 1 MiB.
 */
export function findKeptTables(kernel: KernelTraits, given: ModelInputs): Seen<KeptTables> {
  const { log } = kernel;
  const { efiMap, keptTables } = given;
  if (!efiMap || !keepsEfiMap(given)) return { value: keptTables };
  const esrt = keptTables.esrt ?? findEsrtRange(log);
  if (!esrt && namesTable(log, 'ESRT')) return lost('an ESRT');
  const keepsMokvar = keeps(kernel, 'efi_mokvar_table_init');
  if (keepsMokvar && hasMokvarInBootServices(log, efiMap)) {
    return lost('a MOKvar table in boot services data');
  }
  const keepsBgrt = keeps(kernel, 'efi_bgrt_init');
  if (keepsBgrt && !keptTables.bgrt && BGRT.test(log)) return lost('a boot logo (BGRT)');
  return { value: { ...keptTables, esrt, bgrt: keepsBgrt ? keptTables.bgrt : null } };
}

/**
 * Whether the kernel is configured to keep a table (CONFIG_ACPI_BGRT, CONFIG_LOAD_UEFI_KEYS). Every
 * kernel with EFI has `efi_esrt_init`: symbols without it are not all.
 */
function keeps({ symbols }: KernelTraits, init: string): boolean {
  return !symbols?.has('efi_esrt_init') || symbols.has(init);
}

function lost(table: string): { value: null; why: string } {
  const why = `The firmware has ${table}, and nothing says which memory the kernel keeps for it`;
  return { value: null, why };
}

/** `efi_mokvar_table_init()` keeps the table only if it lies in boot services data. */
function hasMokvarInBootServices(log: string, efiMap: readonly EfiDescriptor[]): boolean {
  const address = findTableAddress(log, 'MOKvar');
  if (address === undefined) return false;
  const holder = efiMap.find(({ range }) => range.start <= address && address < range.end);
  return holder?.type === EFI_BOOT_SERVICES_DATA;
}
