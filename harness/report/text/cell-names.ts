// SPDX-License-Identifier: MIT
import type { CellRecord } from '../../bundle/cell-record.ts';
import { printableText } from '../../memory/printable-text.ts';
import { groupBy } from '../../group-by.ts';

/** The kernel as a reader knows it: its release, or how it was asked for when it was not found. */
function kernelName({ kernel, spec }: CellRecord): string {
  return printableText(kernel?.release ?? spec.kernel);
}

/** The kernels of a run's cells, as they were asked for where several have the same release: trees, recipes. */
export function kernelNames(run: readonly CellRecord[]): string[] {
  const alike = groupBy(run, kernelName);
  return run.map((record) => {
    const name = kernelName(record);
    const refs = new Set(alike.get(name)?.map(({ spec }) => spec.kernel));
    return refs.size > 1 ? printableText(record.spec.kernel) : name;
  });
}

/** What a cell's crashkernel is set to. */
export function crashkernelName({ spec }: CellRecord): string {
  return spec.crashkernel === null ? 'off' : printableText(spec.crashkernel);
}

/** The cell's firmware layout. */
export function layoutName({ spec }: CellRecord): string {
  return printableText(spec.layout);
}

/**
 * Names some cells of a run at once by kernel, crashkernel and, where the run has several, layout: `6.1 and 6.12,
 * crashkernel off and 256M`; by their ids where two cells of the run would have the same name.
 */
export function nameOfCells(records: readonly CellRecord[], run: readonly CellRecord[]): string {
  const names = run.map((one) => [kernelName(one), crashkernelName(one), layoutName(one)].join());
  if (new Set(names).size < names.length) return listed(records.map(({ id }) => id));
  const hasLayouts = new Set(run.map(layoutName)).size > 1;
  const settings = (cells: readonly CellRecord[]): string =>
    mergeAlike(cells, layoutName, (some) => listed(some.map(crashkernelName)))
      .map(({ keys, text }) => `crashkernel ${text}${hasLayouts ? `, ${listed(keys)}` : ''}`)
      .join('; ');
  return mergeAlike(records, kernelName, settings)
    .map(({ keys, text }) => `${listed(keys)}, ${text}`)
    .join('; ');
}

/** Groups cells by a key, then merges the groups that `describe` puts in the same words. */
function mergeAlike(
  records: readonly CellRecord[],
  key: (record: CellRecord) => string,
  describe: (group: readonly CellRecord[]) => string,
): { readonly keys: readonly string[]; readonly text: string }[] {
  const byKey = groupBy(records, key);
  const byText = groupBy([...byKey], ([, group]) => describe(group));
  return Array.from(byText, ([text, groups]) => ({ keys: groups.map(([name]) => name), text }));
}

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names);
}
