// SPDX-License-Identifier: MIT
import { type CellCount, type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import { printableText } from '../../memory/printable-text.ts';
import { crashkernelName, kernelNames, layoutName } from './cell-names.ts';
import { type Format, type Style, paint, shortened } from './style.ts';
import { unseenOf } from './unseen.ts';
import { verdictName } from './verdict-text.ts';

interface Column {
  readonly title: string;
  readonly text: (cell: JudgedCell) => string;
  /** Shown only in a run whose cells differ in it. */
  readonly ifDiffers?: true;
}

/** Behind the kernel. */
const COLUMNS: readonly Column[] = [
  { title: 'layout', text: ({ record }) => layoutName(record), ifDiffers: true },
  { title: 'crashkernel', text: ({ record }) => crashkernelName(record) },
  { title: 'load', text: ({ record }) => record.spec.load, ifDiffers: true },
  { title: 'trigger', text: ({ record }) => record.spec.trigger, ifDiffers: true },
  { title: 'cpus', text: ({ record }) => String(record.spec.cpus), ifDiffers: true },
  { title: 'MiB', text: ({ record }) => String(record.spec.memoryMiB), ifDiffers: true },
  { title: 'vmcore', text: ({ record }) => record.spec.vmcore, ifDiffers: true },
  { title: 'append', text: ({ record }) => printableText(record.spec.append), ifDiffers: true },
  { title: 'accel', text: ({ record }) => record.machine?.accel.kind ?? record.spec.accel },
  { title: 'policy', text: ({ judgement }) => judgement.policy?.id ?? 'unknown' },
  { title: 'verdict', text: verdictText },
  { title: 'seconds', text: ({ record }) => (record.seconds['total'] ?? 0).toFixed(1).padStart(7) },
];

/** Short: the findings name the promises. */
function verdictText(cell: JudgedCell): string {
  const { length } = unseenOf(cell);
  const name = verdictName(cell.judgement);
  return length === 0 ? name : `${name}, ${length} unseen`;
}

/** The colours of cells by what they count as. */
export const COUNT_FORMATS: Readonly<Record<CellCount, Format>> = {
  match: 'green',
  mismatch: 'red',
  unjudged: 'yellow',
};

const GAP = '  ';

/** A line for each cell beneath the titles; the longest texts are cut until all fit the width. */
export function renderCellTable(cells: readonly JudgedCell[], style: Style): string[] {
  const others = COLUMNS.map(({ title, text, ifDiffers }) => {
    const texts = cells.map(text);
    return { title, texts, shown: !ifDiffers || new Set(texts).size > 1 };
  }).filter(({ shown }) => shown);
  const kernels = kernelNames(cells.map(({ record }) => record));
  const columns = [{ title: 'kernel', texts: kernels }, ...others];
  const widths = fit(
    columns.map(({ title, texts }) => Math.max(...[title, ...texts].map(({ length }) => length))),
    style.width - GAP.length * (columns.length - 1),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => {
        const width = widths[column] ?? 0;
        return shortened(text, width).padEnd(width);
      })
      .join(GAP)
      .trimEnd();
  return [
    paint(line(columns.map(({ title }) => title)), 'bold', style),
    ...cells.map(({ judgement }, row) =>
      paint(
        line(columns.map(({ texts }) => texts[row] ?? '')),
        COUNT_FORMATS[countedAs(judgement)],
        style,
      ),
    ),
  ];
}

/** The widths, none above the greatest with which all fit into the room. */
function fit(widths: readonly number[], room: number): number[] {
  let greatest = Math.max(...widths);
  const fitted = (): number[] => widths.map((width) => Math.min(width, greatest));
  while (greatest > 1 && fitted().reduce((sum, width) => sum + width, 0) > room) greatest--;
  return fitted();
}
