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
 * Names some cells of a run at once by kernel and crashkernel: `6.1 and 6.12, crashkernel off and
 * 256M`; by their ids where that would name two cells of the run alike.
 */
export function nameCells(records: readonly CellRecord[], run: readonly CellRecord[]): string {
  const names = run.map((record) => `${kernelName(record)} ${crashkernelName(record)}`);
  if (new Set(names).size < names.length) return listed(records.map(({ id }) => id));
  const settings = new Map<string, string[]>();
  for (const record of records) {
    const kernel = kernelName(record);
    settings.set(kernel, [...(settings.get(kernel) ?? []), crashkernelName(record)]);
  }
  const kernels = new Map<string, string[]>();
  for (const [kernel, values] of settings) {
    const setting = listed(values);
    kernels.set(setting, [...(kernels.get(setting) ?? []), kernel]);
  }
  const parts = Array.from(kernels, ([setting, same]) => `${listed(same)}, crashkernel ${setting}`);
  return parts.join('; ');
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names);
}
