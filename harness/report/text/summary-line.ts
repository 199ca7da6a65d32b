// SPDX-License-Identifier: MIT
import type { ComparedRun } from '../../matrix/compare-cells.ts';
import { summary } from '../../matrix/judged-cell.ts';
import { counted } from '../../memory/counted.ts';
import { renderSeconds } from './style.ts';

/** How a run ended, in one line: `4 cells in 51.2 s: 4 match, 0 mismatch, 0 unjudged`. */
export function summaryLine({ cells, seconds, merge }: ComparedRun): string {
  const { match, mismatch, unjudged, known } = summary(cells);
  const counts = `${match} match, ${mismatch} mismatch, ${unjudged} unjudged`;
  const defects = known === 0 ? '' : `, ${known} with a known defect`;
  const again = cells.filter(({ record }) => record.attempts.length > 0).length;
  const flakes = again === 0 ? '' : `, ${again} run again`;
  const lost = !merge || merge.missing.length === 0 ? '' : `, ${merge.missing.length} missing`;
  return `${counted(cells.length, 'cell')} in ${renderSeconds(seconds)}: ${counts}${defects}${flakes}${lost}`;
}
