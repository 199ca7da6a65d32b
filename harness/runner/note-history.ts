// SPDX-License-Identifier: MIT
import manifest from '../../package.json' with { type: 'json' };
import type { InvariantOutcome, Verdict } from '../check/judgement.ts';
import { appendHistory } from '../history/append-history.ts';
import { cellKey } from '../history/cell-key.ts';
import { HISTORY_VERSION, type HistoryLine } from '../history/history-line.ts';
import type { PlannedCell } from '../matrix/expand.ts';
import { type JudgedCell, type RunResult, countedAs } from '../matrix/judged-cell.ts';

/** A cell of a run that runs each cell once or more. */
export interface RepeatedCell extends PlannedCell {
  /** The name of the cell in its matrix. */
  readonly planned: string;
  /** Counted from 1. */
  readonly repeat: number;
}

/** Adds a run to a file of history. Gives the error if that cannot be done: what was judged is not lost for it. */
export async function noteHistory(
  path: string,
  run: RunResult,
  cells: readonly RepeatedCell[],
): Promise<Error | null> {
  try {
    await appendHistory(path, historyLines(run, cells));
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** A line for each cell of a run. */
export function historyLines(run: RunResult, cells: readonly RepeatedCell[]): HistoryLine[] {
  const byId = new Map(cells.map((cell) => [cell.id, cell]));
  return run.cells.flatMap((judged) => {
    const cell = byId.get(judged.record.id);
    return cell ? [lineOf(judged, cell, run)] : [];
  });
}

function lineOf(
  { record, judgement }: JudgedCell,
  { spec, planned, repeat }: RepeatedCell,
  { id, startedAt }: RunResult,
): HistoryLine {
  const { kernel, machine, seconds } = record;
  const { verdict, invariants, fault } = judgement;
  return {
    schema: HISTORY_VERSION,
    run: id,
    at: startedAt,
    cell: planned,
    repeat,
    // As it was asked for: a recipe may name the policy, and without its kernel nobody knows which.
    key: cellKey(spec),
    ...(spec.accel !== 'auto' && { anyAccel: cellKey({ ...spec, accel: 'auto' }) }),
    kernel: {
      ref: spec.kernel,
      release: kernel?.release ?? null,
      image: kernel?.imageSha256 ?? null,
    },
    ovmf: machine?.ovmf.sha256 ?? null,
    accel: machine?.accel.kind ?? null,
    verdict: { counted: countedAs(judgement), kind: verdict.kind, code: codeOfVerdict(verdict) },
    invariants: idsByOutcome(invariants),
    fault: fault && { name: fault.name, caught: fault.caught.length > 0 },
    seconds: Object.fromEntries(
      Object.entries(seconds).map(([phase, time]) => [phase, Math.round(time * 1000) / 1000]),
    ),
    sub1m: manifest.version,
  };
}

function codeOfVerdict(verdict: Verdict): string | null {
  if (verdict.kind === 'unjudged') return verdict.code;
  return verdict.kind === 'mismatch' ? (verdict.cutShort?.code ?? null) : null;
}

const NOTED = ['kept', 'known', 'broken', 'unseen'] as const;

/** What does not apply to the cell is left out. */
function idsByOutcome(invariants: readonly InvariantOutcome[]): HistoryLine['invariants'] {
  const lists = NOTED.map((wanted) => {
    const ids = invariants.filter(({ outcome }) => outcome === wanted).map(({ id }) => id);
    return [wanted, ids] as const;
  });
  return Object.fromEntries(lists.filter(([, ids]) => ids.length > 0));
}
