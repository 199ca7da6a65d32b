// SPDX-License-Identifier: MIT
import type { Counted, HistoryLine, JudgedOutcome } from './history-line.ts';
import { JUDGED_OUTCOMES } from './history-line.ts';

/**
 * Runs that start less than this after the first run of a night belong to it, ms: the shards of all machines, and what
 * was run again in the morning, whatever the date was at midnight.
 */
const NIGHT_MS = 12 * 60 * 60 * 1000;

/** All cells of a history, by night. */
export interface Nights {
  /** When the first run of each night began, ISO 8601, oldest first. */
  readonly starts: readonly string[];
  /** By key. */
  readonly cells: ReadonlyMap<string, CellNights>;
}

/** One cell over all nights. */
export interface CellNights {
  readonly key: string;
  /** Its name in its newest run. */
  readonly cell: string;
  /** The seeded fault of its kernel; null in all cells but those that test sub1m. */
  readonly fault: string | null;
  /** Those in which it was run, oldest first. */
  readonly nights: readonly CellNight[];
}

/** One cell in one night. */
export interface CellNight {
  /** The place of the night in `Nights.starts`. */
  readonly night: number;
  /** One or more, oldest run first. */
  readonly lines: readonly HistoryLine[];
}

/** Sorts lines that are oldest first, as `readHistory` gives them, into nights. */
export function nightsOf(lines: readonly HistoryLine[]): Nights {
  const starts: string[] = [];
  const cells = new Map<string, { night: number; lines: HistoryLine[] }[]>();
  let first = -Infinity;
  for (const line of lines) {
    const at = Date.parse(line.at);
    if (at - first >= NIGHT_MS) {
      starts.push(line.at);
      first = at;
    }
    const night = starts.length - 1;
    const nights = cells.get(line.key) ?? [];
    if (nights.length === 0) cells.set(line.key, nights);
    const last = nights.at(-1);
    if (last?.night === night) last.lines.push(line);
    else nights.push({ night, lines: [line] });
  }
  const named = Array.from(cells, ([key, nights]) => [key, cellOf(key, nights)] as const);
  return { starts, cells: new Map(named) };
}

function cellOf(key: string, nights: readonly CellNight[]): CellNights {
  const newest = nights.at(-1)?.lines.at(-1);
  return { key, cell: newest?.cell ?? key, fault: newest?.fault?.name ?? null, nights };
}

/** What a cell showed in one night. */
export interface NightVerdict {
  /** `unjudged` only if no run of the night could judge it; else the worst on the newest kernel image. */
  readonly counted: Counted;
  /** By invariant that was judged, the worst on that image. */
  readonly outcomes: ReadonlyMap<string, JudgedOutcome>;
  /** The runs that say so, oldest first; those that could not judge it, if none could. */
  readonly lines: readonly HistoryLine[];
}

/**
 * The verdict of a night: by what could be judged, on the last kernel image of the night. Run several times on that
 * image, whatever the accelerator, the worst counts.
 */
export function verdictOfNight({ lines }: CellNight): NightVerdict {
  const judged = lines.filter(isJudged);
  const newest = judged.at(-1);
  if (!newest) return { counted: 'unjudged', outcomes: new Map(), lines };
  const same = judged.filter(({ kernel }) => kernel.image === newest.kernel.image);
  const isBroken = same.some(({ verdict }) => verdict.counted === 'mismatch');
  return { counted: isBroken ? 'mismatch' : 'match', outcomes: worst(same), lines: same };
}

/** Whether the cell says something about its kernel. */
export function isJudged({ verdict }: HistoryLine): boolean {
  return verdict.counted !== 'unjudged';
}

/** The invariants that it saw broken, known defects among them; none if it could not be judged. */
export function badOf(line: HistoryLine): readonly string[] {
  const { known, broken } = line.invariants;
  if (!isJudged(line)) return NONE;
  return known ? [...known, ...(broken ?? NONE)] : (broken ?? NONE);
}

/** Most lines have none. */
const NONE: readonly string[] = [];

/** What must be the same for two outcomes to contradict each other: image, firmware, accelerator. Null if one is unknown. */
export function imageOf({ kernel, ovmf, accel }: HistoryLine): string | null {
  return kernel.image === null || ovmf === null || accel === null
    ? null
    : `${kernel.image} ${ovmf} ${accel}`;
}

function worst(lines: readonly HistoryLine[]): Map<string, JudgedOutcome> {
  const outcomes = new Map<string, JudgedOutcome>();
  // A worse outcome comes later, and replaces those before it.
  for (const outcome of JUDGED_OUTCOMES) {
    for (const { invariants } of lines) {
      for (const id of invariants[outcome] ?? []) outcomes.set(id, outcome);
    }
  }
  return outcomes;
}
