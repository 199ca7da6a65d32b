// SPDX-License-Identifier: MIT
import { PHASES, type Phase } from '../bundle/cell-record.ts';
import type { JudgedCell } from './judged-cell.ts';

/** A phase that takes longer or shorter than with the base: medians over cells, in seconds. */
export interface TimeChange {
  readonly phase: Phase;
  readonly from: number;
  readonly to: number;
  readonly cells: number;
}

/** Fewer pairs may all go one way by chance: once in 128 for each phase. */
const LEAST_PAIRS = 8;

/** On a shared host less is noise: a part of the base's time, and seconds. */
const LEAST_PART = 0.25;
const LEAST_SECONDS = 0.5;

/**
 * The phases whose time changed beyond noise: all of many pairs go the same way, and by much. A cell or two are too few
 * to tell.
 */
export function compareTimes(
  pairs: readonly { readonly base: JudgedCell; readonly cell: JudgedCell }[],
): TimeChange[] {
  return PHASES.flatMap((phase): TimeChange[] => {
    const times = pairs.flatMap(({ base, cell }) => {
      const [from, to] = [base.record.seconds[phase], cell.record.seconds[phase]];
      return from === undefined || to === undefined ? [] : [{ from, to }];
    });
    const isOneWay =
      times.every(({ from, to }) => to > from) || times.every(({ from, to }) => to < from);
    if (times.length < LEAST_PAIRS || !isOneWay) return [];
    const from = median(times.map((time) => time.from));
    const to = median(times.map((time) => time.to));
    const isMuch = Math.abs(to - from) >= Math.max(LEAST_SECONDS, LEAST_PART * from);
    return isMuch ? [{ phase, from, to, cells: times.length }] : [];
  });
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[sorted.length >> 1] ?? 0;
  const lower = sorted[(sorted.length - 1) >> 1] ?? 0;
  return (lower + upper) / 2;
}
