// SPDX-License-Identifier: MIT
import { type JudgedCell, countedAs } from '../../matrix/judged-cell.ts';
import { COUNT_FORMATS } from './cell-table.ts';
import { type Style, paint } from './style.ts';

/** A line for each cell with a seeded fault: which invariants caught it; nothing in a run without one. */
export function renderFaultTable(cells: readonly JudgedCell[], style: Style): string[] {
  const rows = cells.flatMap(({ judgement }) => {
    const { fault } = judgement;
    if (fault === null) return [];
    const { name, caught, caughtBy } = fault;
    const by = caught.length > 0 ? caught.join(', ') : `missed: expected ${caughtBy.join(' or ')}`;
    return [{ name, by, format: COUNT_FORMATS[countedAs(judgement)] }];
  });
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(({ name }) => name.length));
  return [
    paint(`${'seeded fault'.padEnd(width)}  caught by`, 'bold', style),
    ...rows.map(({ name, by, format }) => paint(`${name.padEnd(width)}  ${by}`, format, style)),
  ];
}
