// SPDX-License-Identifier: MIT
import type { HistoryLine } from './history-line.ts';
import { isJudged } from './nights.ts';

/** How long a cell takes, in seconds. */
export interface Duration {
  /** How many runs this rests on: the newest, and at most `RUNS_LIMIT`. */
  readonly runs: number;
  readonly median: number;
  /** Nine of ten runs take no longer. */
  readonly p90: number;
}

/** Older runs say little: kernels and hosts have changed since. */
const RUNS_LIMIT = 20;

/**
 * How long each cell takes, by `cellKey`; with `accel` only the runs under that accelerator count. Runs that could not be
 * judged do not count: they may have been cut short, or have waited for nothing.
 */
export function durations(
  lines: readonly HistoryLine[],
  accel?: 'kvm' | 'tcg',
): ReadonlyMap<string, Duration> {
  const seconds = new Map<string, number[]>();
  for (const line of lines) {
    const total = line.seconds['total'];
    if (!isJudged(line) || total === undefined) continue;
    if (accel !== undefined && line.accel !== accel) continue;
    const totals = seconds.get(line.key) ?? [];
    if (totals.length === 0) seconds.set(line.key, totals);
    totals.push(total);
  }
  return new Map(Array.from(seconds, ([key, totals]) => [key, durationOf(totals)]));
}

function durationOf(totals: readonly number[]): Duration {
  const sorted = totals.slice(-RUNS_LIMIT).toSorted((one, other) => one - other);
  const { length } = sorted;
  const [lower, upper] = [sorted[(length - 1) >> 1] ?? 0, sorted[length >> 1] ?? 0];
  // The nearest rank: a time that was measured.
  const p90 = sorted[Math.ceil(length * 0.9) - 1] ?? 0;
  return { runs: length, median: (lower + upper) / 2, p90 };
}
