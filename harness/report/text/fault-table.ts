// SPDX-License-Identifier: MIT
import type { Judgement } from '../../check/judgement.ts';
import { type CellCount, type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import { printableText } from '../../memory/printable-text.ts';
import { COUNT_FORMATS } from './cell-table.ts';
import { type Style, paint } from './style.ts';

/** A line for each cell with a seeded fault: which invariants caught it; nothing in a run without one. */
export function renderFaultTable(cells: readonly JudgedCell[], style: Style): string[] {
  const rows = cells.flatMap(({ judgement }) => {
    const { fault } = judgement;
    if (fault === null) return [];
    const count = countedAs(judgement);
    return [
      { name: printableText(fault.name), by: BY[count](judgement), format: COUNT_FORMATS[count] },
    ];
  });
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(({ name }) => name.length));
  return [
    paint(`${'seeded fault'.padEnd(width)}  caught by`, 'bold', style),
    ...rows.map(({ name, by, format }) => paint(`${name.padEnd(width)}  ${by}`, format, style)),
  ];
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
