// SPDX-License-Identifier: MIT
import { type AccelPairs, accelPairs } from '../history/accel-pairs.ts';
import { type CellHistory, cellHistory } from '../history/cell-history.ts';
import { type DetectionPower, detectionPower } from '../history/detection-power.ts';
import { type FlakyCell, flakyCells } from '../history/flaky-cells.ts';
import { type NewestNight, newestNight } from '../history/newest-night.ts';
import { type CellNights, nightsOf } from '../history/nights.ts';
import type { History } from '../history/line-collector.ts';
import { asciiJson } from '../memory/ascii-json.ts';
import { DOCUMENT_VERSIONS } from './schema/document.ts';
import type { HistoryDocument } from './schema/history-schema.ts';

/** What a history says of its newest night, and of the cells that were asked for. */
export interface HistoryResult {
  readonly nights: number;
  readonly lines: number;
  readonly skipped: number;
  readonly newest: NewestNight;
  readonly flaky: readonly FlakyCell[];
  readonly detection: DetectionPower;
  readonly accelerators: AccelPairs;
  readonly cells: readonly CellHistory[];
}

/** Looks through a history; `isAsked` says of a cell whether all its nights are wanted. Null without a night. */
export function historyResult(
  { lines, skipped }: History,
  isAsked: (cell: CellNights) => boolean,
): HistoryResult | null {
  const nights = nightsOf(lines);
  const newest = newestNight(nights);
  if (newest === null) return null;
  return {
    nights: nights.starts.length,
    lines: lines.length,
    skipped: skipped.count,
    newest,
    flaky: flakyCells(nights),
    detection: detectionPower(nights),
    accelerators: accelPairs(lines),
    cells: [...nights.cells.values()]
      .filter(isAsked)
      .map((cell) => cellHistory(nights, cell, nights.starts.length)),
  };
}

/** A history for programs. */
export function renderHistoryDocument(result: HistoryResult): string {
  const { nights, lines, skipped, newest, flaky, detection, accelerators, cells } = result;
  const { start, ...night } = newest;
  const document: HistoryDocument = {
    schema: DOCUMENT_VERSIONS.history,
    nights,
    lines,
    skipped,
    night: start,
    ...night,
    flaky,
    detection,
    accelerators,
    cells: cells.map(({ rates, ...cell }) => ({
      ...cell,
      rates: rates.map(({ invariant, accel, broken }) => ({ invariant, accel, broken })),
    })),
  };
  return `${asciiJson(document, 2)}\n`;
}
