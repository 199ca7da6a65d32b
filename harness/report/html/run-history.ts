// SPDX-License-Identifier: MIT
import { Sub1mError, fromSystemError } from '../../errors.ts';
import { type StripNight, cellStrip } from '../../history/cell-strip.ts';
import { type DetectionPower, detectionPower } from '../../history/detection-power.ts';
import { type FlakyCell, flakyCells } from '../../history/flaky-cells.ts';
import type { HistoryLine } from '../../history/history-line.ts';
import { type NewestNight, newestNight } from '../../history/newest-night.ts';
import { nightsOf } from '../../history/nights.ts';
import { readHistory } from '../../history/read-history.ts';
import type { ComparedRun } from '../../matrix/compare-cells.ts';
import type { Seen } from '../../seen.ts';

/** What the nights before say beside a run. */
export interface RunHistory {
  readonly nights: number;
  readonly newest: NewestNight;
  readonly flaky: readonly FlakyCell[];
  readonly detection: DetectionPower;
  /** By the id of a cell of the run: what it showed in the last nights, oldest first. */
  readonly strips: ReadonlyMap<string, readonly StripNight[]>;
}

/** Nights of a strip. */
const STRIP_NIGHTS = 30;

/** What is older says little, and takes long to read, ms. */
const PAST_MS = 90 * 24 * 60 * 60 * 1000;

/** How long the history may take to be read, ms: the report does without it then. */
const PATIENCE_MS = 60_000;

/** What the file of history says that the run is noted in, or why it cannot be read; null if there is nothing to say. */
export async function readRunHistory(run: ComparedRun): Promise<Seen<RunHistory> | null> {
  if (run.historyFile === undefined) return null;
  const options = {
    signal: AbortSignal.timeout(PATIENCE_MS),
    sinceMs: Date.parse(run.startedAt) - PAST_MS,
  };
  try {
    const { lines } = await readHistory([run.historyFile], options);
    const value = runHistory(run, lines);
    return value && { value };
  } catch (thrown) {
    const error = fromSystemError(thrown, `read ${run.historyFile}`);
    if (error instanceof Sub1mError) return { value: null, why: error.message };
    throw error;
  }
}

/** What a history says beside a run that is noted in it; null if there is no night before. */
export function runHistory(run: ComparedRun, lines: readonly HistoryLine[]): RunHistory | null {
  const nights = nightsOf(lines);
  const newest = newestNight(nights);
  if (newest === null || newest.before === null) return null;
  const strips = new Map<string, readonly StripNight[]>();
  const runs = new Set([run.id, ...(run.merge?.runs ?? []).map((one) => one.run)]);
  for (const line of lines.filter((one) => runs.has(one.run))) {
    const cell = nights.cells.get(line.key);
    const id = line.repeat === 1 ? line.cell : `${line.cell}.repeat-${line.repeat}`;
    if (cell) strips.set(id, cellStrip(nights, cell, STRIP_NIGHTS));
  }
  const { length } = nights.starts;
  return {
    nights: length,
    newest,
    flaky: flakyCells(nights),
    detection: detectionPower(nights),
    strips,
  };
}
