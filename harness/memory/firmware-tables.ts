// SPDX-License-Identifier: MIT
/** The firmware's tables that a kernel's log names. */
import { behind } from './kernel-log.ts';
import { type PhysRange, findRange } from './phys-range.ts';

const EFI = /\befi: /i;

/** What `efi_config_parse_tables()` prints of a table that the firmware has. */
const TABLES = { ESRT: /\bESRT=0x([0-9a-f]{0,16})/, MOKvar: /\bMOKvar=0x([0-9a-f]{1,13})\b/ };

/** What `efi_esrt_init()` prints; the end is exclusive. */
const ESRT_RANGE = /\besrt: Reserving ESRT space from 0x([0-9a-f]{1,16}) to 0x([0-9a-f]{1,16})\./;

/** The address of a table that a kernel's log names, in bytes; undefined if it names none. */
export function findTableAddress(log: string, table: keyof typeof TABLES): number | undefined {
  for (const tables of behind(log, EFI)) {
    const [, at] = TABLES[table].exec(tables) ?? [];
    if (at !== undefined) return Number.parseInt(at, 16);
  }
  return undefined;
}

/** Whether a kernel's log names a table. */
export function namesTable(log: string, table: keyof typeof TABLES): boolean {
  return findTableAddress(log, table) !== undefined;
}

/** Where the kernel keeps the ESRT, if its log says so. */
export function findEsrtRange(log: string): PhysRange | null {
  const [, start = '', end = ''] = ESRT_RANGE.exec(log) ?? [];
  if (end === '') return null;
  return findRange(start, (BigInt(`0x${end}`) - 1n).toString(16)) ?? null;
}
