// SPDX-License-Identifier: MIT
import type { HistoryLine } from './history-line.ts';
import { type CellNights, type Nights, badOf, imageOf, isJudged } from './nights.ts';
import { type Share, wilson95 } from './wilson.ts';

/** An invariant of a cell that was both kept and broken with the same image, firmware and accelerator. */
export interface FlakyCell {
  readonly key: string;
  readonly cell: string;
  readonly invariant: string;
  readonly kernel: HistoryLine['kernel'];
  readonly ovmf: string;
  readonly accel: 'kvm' | 'tcg';
  /** Of the runs with that image those that saw it broken, known defects among them. */
  readonly broken: Share;
  /** When the last run began that saw it broken. */
  readonly last: string;
}

/** Images that were last run earlier before the newest night than this are of the past, ms. */
const RECENT_MS = 7 * 24 * 60 * 60 * 1000;

/** What is flaky among the images of the last week, by name of the cell. A kernel that changed is not flaky. */
export function flakyCells({ starts, cells }: Nights): FlakyCell[] {
  const from = Date.parse(starts.at(-1) ?? '') - RECENT_MS;
  const found = [...cells.values()].filter(isSuspect).flatMap(({ nights }) =>
    sameImages(nights.flatMap(({ lines }) => lines))
      .filter((lines) => Date.parse(lines.at(-1)?.at ?? '') >= from)
      .flatMap(flakyIn),
  );
  const nameOf = ({ cell, invariant, accel }: FlakyCell): string => `${cell} ${invariant} ${accel}`;
  return found.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}

/** Whether a run ever saw an invariant of the cell broken: most cells never break anything. */
export function isSuspect({ nights }: CellNights): boolean {
  return nights.some(({ lines }) => lines.some((line) => badOf(line).length > 0));
}

/** The runs that were judged, by image; those of which the image is unknown are left out. */
function sameImages(lines: readonly HistoryLine[]): HistoryLine[][] {
  const byImage = new Map<string, HistoryLine[]>();
  for (const line of lines) {
    const image = imageOf(line);
    if (image === null || !isJudged(line)) continue;
    const same = byImage.get(image) ?? [];
    if (same.length === 0) byImage.set(image, same);
    same.push(line);
  }
  return [...byImage.values()];
}

function flakyIn(lines: readonly HistoryLine[]): FlakyCell[] {
  const ids = new Set(lines.flatMap(badOf));
  return [...ids].flatMap((invariant) => {
    const kept = lines.filter(({ invariants }) => invariants.kept?.includes(invariant));
    const bad = lines.filter((line) => badOf(line).includes(invariant));
    const last = bad.at(-1);
    if (kept.length === 0 || !last?.accel || last.ovmf === null) return [];
    const { key, cell, kernel, ovmf, accel, at } = last;
    const broken = wilson95(bad.length, bad.length + kept.length);
    return [{ key, cell, invariant, kernel, ovmf, accel, broken, last: at }];
  });
}
