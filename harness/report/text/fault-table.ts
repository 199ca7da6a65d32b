// SPDX-License-Identifier: MIT
import type { Judgement } from '../../check/judgement.ts';
import { type CellCount, type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import { printableText } from '../../memory/printable-text.ts';
import { COUNT_FORMATS } from './cell-table.ts';
import { type Style, paint } from './style.ts';

/** A line for each cell with a seeded fault: which invariants caught it; nothing in a run without one. */
export function renderFaultTable(cells: readonly JudgedCell[], style: Style): string[] {
  const rows = cells.flatMap(({ record, judgement }) => {
    const { fault } = judgement;
    if (fault === null) return [];
    const count = countedAs(judgement);
    const columns = [fault.name, soundKernel(record.spec.kernel, fault.name)].map(printableText);
    return [{ columns, by: BY[count](judgement), format: COUNT_FORMATS[count] }];
  });
  if (rows.length === 0) return [];
  const title = ['seeded fault', 'kernel'];
  const widths = title.map((word, at) =>
    Math.max(word.length, ...rows.map(({ columns }) => columns[at]?.length ?? 0)),
  );
  const line = (columns: readonly string[], by: string): string =>
    [...columns.map((word, at) => word.padEnd(widths[at] ?? 0)), by].join('  ');
  return [
    paint(line(title, 'caught by'), 'bold', style),
    ...rows.map(({ columns, by, format }) => paint(line(columns, by), format, style)),
  ];
}

/** The kernel that was given a fault, as it is without: `two-phase-6.12`. */
function soundKernel(kernel: string, fault: string): string {
  return kernel.replace(`+faults/${fault}`, '').replace(/^recipe:/, '');
}

/** What became of a fault, by what its cell counts as. */
const BY: Readonly<Record<CellCount, (judgement: Judgement) => string>> = {
  match: ({ fault }) => fault?.caught.join(', ') ?? '',
  mismatch: (judgement) => `missed: ${missedWords(judgement)}`,
  unjudged: () => 'could not be judged',
};

/** What should have caught a fault that was missed, and what was broken instead: it may be caught by the wrong promise. */
export function missedWords({ fault, invariants }: Judgement): string {
  const broken = invariants.filter(({ outcome }) => outcome === 'known').map(({ id }) => id);
  const instead = broken.length === 0 ? 'nothing was broken' : `broken was ${broken.join(', ')}`;
  return `expected ${fault?.caughtBy.join(' or ') ?? 'nothing'}, ${instead}`;
}
