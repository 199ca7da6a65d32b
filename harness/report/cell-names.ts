// SPDX-License-Identifier: MIT
import type { CellRecord } from '../bundle/cell-record.ts';
import { printableText } from '../memory/printable-text.ts';

/** The kernel as a reader knows it: its release, or how it was asked for when it was not found. */
export function kernelName({ kernel, spec }: CellRecord): string {
  return printableText(kernel?.release ?? spec.kernel);
}

/** What a cell's crashkernel is set to. */
export function crashkernelName({ spec }: CellRecord): string {
  return spec.crashkernel === null ? 'off' : printableText(spec.crashkernel);
}

/**
 * Names several cells at once by kernel and crashkernel: `6.1 and 6.12, crashkernel off and 256M`;
 * by their ids where that would name two of them alike.
 */
export function nameCells(records: readonly CellRecord[]): string {
  const settings = new Map<string, string[]>();
  for (const record of records) {
    const kernel = kernelName(record);
    settings.set(kernel, [...(settings.get(kernel) ?? []), crashkernelName(record)]);
  }
  const alike = [...settings.values()].some((names) => new Set(names).size < names.length);
  if (alike) return listed(records.map(({ id }) => id));
  const kernels = new Map<string, string[]>();
  for (const [kernel, names] of settings) {
    const setting = listed(names);
    kernels.set(setting, [...(kernels.get(setting) ?? []), kernel]);
  }
  return Array.from(kernels, ([setting, names]) => `${listed(names)}, crashkernel ${setting}`).join(
    '; ',
  );
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names);
}
