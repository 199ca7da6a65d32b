// SPDX-License-Identifier: MIT
import { type CellRate, cellRates } from '../history/cell-rates.ts';
import { type StripNight, cellStrip } from '../history/cell-strip.ts';
import { type DetectionPower, detectionPower } from '../history/detection-power.ts';
import { type Duration, durations } from '../history/durations.ts';
import { type FlakyCell, flakyCells } from '../history/flaky-cells.ts';
import { type NewestNight, newestNight } from '../history/newest-night.ts';
import { type CellNights, type Nights, nightsOf } from '../history/nights.ts';
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
  readonly cells: readonly CellResult[];
}

/** One cell over all nights. */
export interface CellResult {
  readonly key: string;
  readonly cell: string;
  readonly fault: string | null;
  readonly strip: readonly StripNight[];
  readonly rates: readonly CellRate[];
  readonly durations: readonly (Duration & { readonly accel: 'kvm' | 'tcg' })[];
}

const ACCELS = ['kvm', 'tcg'] as const;

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
    cells: [...nights.cells.values()].filter(isAsked).map((cell) => cellResult(nights, cell)),
  };
}

function cellResult(nights: Nights, cell: CellNights): CellResult {
  const lines = cell.nights.flatMap((one) => one.lines);
  return {
    key: cell.key,
    cell: cell.cell,
    fault: cell.fault,
    strip: cellStrip(nights, cell, nights.starts.length),
    rates: cellRates(lines),
    durations: ACCELS.flatMap((accel) => {
      const found = durations(lines, accel).get(cell.key);
      return found ? [{ accel, ...found }] : [];
    }),
  };
}

/** A history for programs. */
export function renderHistoryDocument(result: HistoryResult): string {
  const { nights, lines, skipped, newest, flaky, detection, cells } = result;
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
    cells: cells.map(({ rates, ...cell }) => ({
      ...cell,
      rates: rates.map(({ invariant, accel, broken }) => ({ invariant, accel, broken })),
    })),
  };
  return `${asciiJson(document, 2)}\n`;
}
