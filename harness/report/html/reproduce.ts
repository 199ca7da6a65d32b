// SPDX-License-Identifier: MIT
import { type CellSpec, STANDARD_CELL } from '../../bundle/cell-record.ts';
import { quoteShell } from '../../process/quote-shell.ts';

/** The options of `sub1m check` that say what a cell is, in the order in which people give them. */
const OPTIONS: Readonly<Record<keyof typeof STANDARD_CELL, string>> = {
  layout: '--layout',
  crashkernel: '--crashkernel',
  load: '--load',
  trigger: '--trigger',
  cpus: '--cpus',
  memoryMiB: '--memory',
  accel: '--accel',
  ovmf: '--ovmf',
  append: '--append',
  vmcore: '--vmcore',
  truth: '--truth',
  policy: '--policy',
  layoutBestEffort: '--layout-best-effort',
  strict: '--strict',
  freshFirmware: '--fresh-firmware',
};

/** The command that runs such a cell again, and no other: for a POSIX shell, on one line. */
export function reproduceCommand(spec: CellSpec): string {
  const fields = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[];
  const given = fields.flatMap((field) => {
    const value = spec[field];
    // `check` crosses it unless it is given.
    if (field !== 'crashkernel' && value === STANDARD_CELL[field]) return [];
    return typeof value === 'boolean' ? [OPTIONS[field]] : [OPTIONS[field], word(value)];
  });
  return ['./sub1m', 'check', word(spec.kernel), ...given].join(' ');
}

function word(value: string | number | null): string {
  const text = String(value ?? 'none');
  return /^[\w./:@%+=,~-]+$/.test(text) && !text.startsWith('~') ? text : quoteShell(text);
}
