// SPDX-License-Identifier: MIT
import type { JudgedCell } from '../judged-cell.ts';
import type { SourceRun } from '../merged-run.ts';
import type { PlannedRun } from '../planned-run.ts';
import { judgedCell } from './judged-cell-builder.ts';

/** A hash of nothing, by its first digit. */
export function hash(digit: string): string {
  return digit.repeat(64);
}

/** The plan of a run of the cells a to f, all of them unless the test says otherwise. */
export function plan(words: Partial<PlannedRun> = {}): PlannedRun {
  const cells = ['a', 'b', 'c', 'd', 'e', 'f'];
  return {
    run: 'night',
    at: '2026-11-29T22:00:00.000Z',
    sub1m: { version: '0.1.0', code: hash('c'), model: hash('d') },
    matrix: { name: 'nightly', sha256: hash('a'), cells },
    shard: null,
    limit: null,
    repeat: 1,
    planned: cells,
    chosen: cells,
    ...words,
  };
}

/** The plan of a third of them: two cells. */
export function third(index: number): PlannedRun {
  const chosen = plan().planned.slice(2 * index - 2, 2 * index);
  return plan({ run: `night-${index}`, shard: `${index}/3`, chosen });
}

type Judgement = Partial<JudgedCell['judgement']>;

/** A cell of that name that matches, unless the test says otherwise; each of another image is of another number. */
export function cellOf(id: string, judgement: Judgement = {}, image = '00'): JudgedCell {
  const kernel = { release: '6.12.43', image: '/k', imageSha256: image, package: null };
  return judgedCell({ record: { id, kernel }, judgement });
}

/** What a run left: cells by their names, or as they are. */
export function sourceRun(
  planned: PlannedRun | null,
  cells: readonly (string | JudgedCell)[],
  words: Partial<SourceRun> = {},
): SourceRun {
  const run = planned?.run ?? 'old';
  return {
    run,
    source: `results/${run}`,
    plan: planned,
    cells: cells.map((cell) => (typeof cell === 'string' ? cellOf(cell) : cell)),
    notJudged: [],
    ...words,
  };
}
