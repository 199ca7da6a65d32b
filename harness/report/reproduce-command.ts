// SPDX-License-Identifier: MIT
import { type CellSpec, STANDARD_CELL } from '../bundle/cell-record.ts';
import { printableText } from '../memory/printable-text.ts';
import { quoteShell } from '../process/quote-shell.ts';

/** The options of `check` that make a cell, by what they set; flags have no value. */
const OPTIONS: Readonly<Record<Exclude<keyof CellSpec, 'kernel'>, string>> = {
  crashkernel: '--crashkernel',
  layout: '--layout',
  layoutBestEffort: '--layout-best-effort',
  ovmf: '--ovmf',
  load: '--load',
  trigger: '--trigger',
  cpus: '--cpus',
  memoryMiB: '--memory',
  accel: '--accel',
  append: '--append',
  vmcore: '--vmcore',
  truth: '--truth',
  policy: '--policy',
  strict: '--strict',
  freshFirmware: '--fresh-firmware',
};

/** Words that no shell reads in another way. */
const PLAIN = /^[\w./:@%+=-]+$/;

/** The command that runs a cell again, for a shell. */
export function reproduceCommand(spec: CellSpec): string {
  const options = (Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]).flatMap((axis) => {
    // Without it `check` runs a cell without and one with crashkernel.
    if (axis !== 'crashkernel' && spec[axis] === STANDARD_CELL[axis]) return [];
    return spec[axis] === true ? [OPTIONS[axis]] : [OPTIONS[axis], String(spec[axis] ?? 'none')];
  });
  const words = ['sub1m', 'check', spec.kernel, ...options].map(printableText);
  return words.map((word) => (PLAIN.test(word) ? word : quoteShell(word))).join(' ');
}
