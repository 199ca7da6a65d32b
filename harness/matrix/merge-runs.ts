// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { counted } from '../memory/counted.ts';
import { agreementOf, nameSamples, samplesOf } from './cell-samples.ts';
import type { JudgedCell, RunResult } from './judged-cell.ts';
import type { Merge, RepeatedSample, SourceRun } from './merged-run.ts';
import { missingCells } from './missing-cells.ts';

/** What is told of a merge beside its runs. */
type Told = Pick<Merge, 'unread' | 'notes' | 'mixed'>;

/** Runs that are parts of one, merged. */
export type MergedRun = RunResult & { readonly merge: Merge };

/**
 * Merges runs into one: cells in the order of the matrix, and behind each its further samples, which get names of their
 * own. A bundle that is there twice is one sample. How long it took is the caller's to say.
 */
export function mergeRuns(given: readonly SourceRun[], told: Told): MergedRun {
  const runs = given.map(withoutCut);
  const { cells, repeats, copies } = mergeCells(runs);
  const [first, ...more] = runs;
  const lost = missingCells(runs);
  const isMissing = new Set(lost.missing.map(({ cell }) => cell));
  const useless = runs.flatMap(({ source, notJudged }) =>
    notJudged
      .filter(({ cell }) => !isMissing.has(cell))
      .map(({ cell, why }) => ({ source: join(source, cell), why })),
  );
  const notes =
    copies === 0 ? [] : [`${counted(copies, 'bundle')} twice among the runs: each counts once`];
  return {
    id: `${first?.run ?? 'nothing'}${more.length === 0 ? '' : ` + ${more.length} more`}`,
    folder: runs.map(({ source }) => source).join(', '),
    startedAt: cells.map(({ record }) => record.startedAt).toSorted()[0] ?? '',
    seconds: 0,
    cells,
    merge: {
      runs,
      ...told,
      unread: [...told.unread, ...useless],
      notes: [...told.notes, ...notes],
      ...lost,
      repeats,
    },
  };
}

/** A cell that an interrupt ended was not run to its end, and says nothing. */
function withoutCut(run: SourceRun): SourceRun {
  const isCut = ({ judgement: { verdict } }: JudgedCell): boolean =>
    verdict.kind === 'unjudged' && verdict.code === 'E_INTERRUPTED';
  const cut = run.cells.filter(isCut);
  const notJudged = cut.map(({ record: { id } }) => ({ cell: id, why: 'it was interrupted' }));
  return {
    ...run,
    cells: run.cells.filter((cell) => !isCut(cell)),
    notJudged: [...run.notJudged, ...notJudged],
  };
}

interface MergedCells {
  readonly cells: JudgedCell[];
  readonly repeats: RepeatedSample[];
  readonly copies: number;
}

function mergeCells(runs: readonly SourceRun[]): MergedCells {
  const { cells, copies } = samplesOf(runs);
  const inMatrix = runs.flatMap(({ plan }) => plan?.matrix.cells ?? []);
  const order = new Map(inMatrix.toReversed().map((id, nr) => [id, inMatrix.length - nr]));
  const placeOf = (name: string): number => order.get(name) ?? Infinity;
  const taken = new Set<string>();
  const claimId = (nameOf: (nr: number) => string): string => {
    let nr = 1;
    while (taken.has(nameOf(nr))) nr++;
    taken.add(nameOf(nr));
    return nameOf(nr);
  };
  const named = cells
    .map((one) => ({ place: placeOf(one.name), samples: nameSamples(one, claimId) }))
    // Two that are in no matrix stay as they came.
    .toSorted((one, other) => (one.place === other.place ? 0 : one.place - other.place))
    .map(({ samples }) => samples);
  return { cells: named.flat(), repeats: named.flatMap(repeatOf), copies };
}

function repeatOf(samples: readonly JudgedCell[]): RepeatedSample[] {
  const ids = samples.map(({ record }) => record.id);
  const [cell, ...more] = ids;
  if (cell === undefined || more.length === 0) return [];
  return [{ cell, samples: ids, agreement: agreementOf(samples) }];
}
