// SPDX-License-Identifier: MIT
import type { HistoryLine, JudgedOutcome } from './history-line.ts';
import {
  type CellNight,
  type CellNights,
  type Nights,
  badOf,
  isJudged,
  verdictOfNight,
} from './nights.ts';

/** The newest night against those before it. Cells with a seeded fault are not in it: see `detectionPower`. */
export interface NewestNight {
  /** When it began, ISO 8601. */
  readonly start: string;
  /** When the night before it began; null if it is the first. */
  readonly before: string | null;
  /** Sound cells that were run. */
  readonly counts: { readonly match: number; readonly mismatch: number; readonly unjudged: number };
  /** Broken, and not broken the last time that it was judged before; or never judged before. */
  readonly new: readonly CellChange[];
  /** Kept, and broken or a known defect the last time before. */
  readonly fixed: readonly CellChange[];
  /** Broken, as the last time before. */
  readonly still: readonly CellChange[];
  /** Broken the last time that it was judged, in the week before; this night says nothing of it. */
  readonly open: readonly CellChange[];
  /** Run, and not once judged. */
  readonly unjudged: readonly UnjudgedCell[];
}

/** An invariant of a cell that is broken, or was. */
export interface CellChange {
  readonly key: string;
  readonly cell: string;
  readonly invariant: string;
  /** The kernel of its last run that judged it. */
  readonly kernel: HistoryLine['kernel'];
  /** The last run that saw it broken. */
  readonly run: string;
  /** When the first night began from which on it was broken each time that it was judged; null: never before. */
  readonly since: string | null;
  /** What it was the last time before this night; null: never judged. */
  readonly was: JudgedOutcome | null;
}

/** A cell that could not be judged. */
export interface UnjudgedCell {
  readonly key: string;
  readonly cell: string;
  readonly run: string;
  /** Why: the code of the newest run. */
  readonly code: string | null;
  /** When the last night began in which it was judged; null: never. */
  readonly judged: string | null;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** A nightly matrix that does not run every cell every night runs each within a week. */
const OPEN_MS = 7 * DAY_MS;

type Kind = 'new' | 'fixed' | 'still' | 'open';

/** Compares the newest night with those before; null without a night. By name of the cell, then invariant. */
export function newestNight({ starts, cells }: Nights): NewestNight | null {
  const start = starts.at(-1);
  if (start === undefined) return null;
  const counts = { match: 0, mismatch: 0, unjudged: 0 };
  const changes: Record<Kind, CellChange[]> = { new: [], fixed: [], still: [], open: [] };
  const unjudged: UnjudgedCell[] = [];
  for (const cell of [...cells.values()].filter(({ fault }) => fault === null)) {
    const tonight = cell.nights.find(({ night }) => night === starts.length - 1);
    if (tonight) {
      const { counted } = verdictOfNight(tonight);
      counts[counted] += 1;
      if (counted === 'unjudged') unjudged.push(unjudgedCell(cell, tonight, starts));
    }
    for (const { kind, change } of changesOf(cell, starts)) changes[kind].push(change);
  }
  for (const list of Object.values(changes)) list.sort(byName);
  return {
    start,
    before: starts.at(-2) ?? null,
    counts,
    ...changes,
    unjudged: unjudged.toSorted(byName),
  };
}

/** The outcome of an invariant of a cell in a night that judged it. */
interface Seen {
  readonly night: number;
  readonly outcome: JudgedOutcome;
  readonly line: HistoryLine;
}

/** What is to be told of a cell; of one in which nothing is broken and nothing was, nothing. */
function changesOf(
  cell: CellNights,
  starts: readonly string[],
): { readonly kind: Kind; readonly change: CellChange }[] {
  const suspects = new Set(cell.nights.flatMap(({ lines }) => lines.flatMap(badOf)));
  if (suspects.size === 0) return [];
  const verdicts = cell.nights.map((one) => ({ night: one.night, ...verdictOfNight(one) }));
  return [...suspects].flatMap((invariant) => {
    const seen = verdicts.flatMap(({ night, outcomes, lines }): Seen[] => {
      const [outcome, line] = [outcomes.get(invariant), lines.at(-1)];
      return outcome === undefined || line === undefined ? [] : [{ night, outcome, line }];
    });
    const found = changeOf(seen, starts);
    const { key, cell: name } = cell;
    return found ? [{ kind: found.kind, change: { key, cell: name, invariant, ...found.of } }] : [];
  });
}

/** What became of one invariant, by the nights that judged it; null if there is nothing to tell. */
function changeOf(
  seen: readonly Seen[],
  starts: readonly string[],
): { readonly kind: Kind; readonly of: Omit<CellChange, 'key' | 'cell' | 'invariant'> } | null {
  const newest = seen.at(-1);
  if (!newest) return null;
  const isNow = newest.night === starts.length - 1;
  const earlier = isNow ? seen.slice(0, -1) : seen;
  const was = earlier.at(-1)?.outcome ?? null;
  const kind = kindOf(isNow ? newest.outcome : null, was);
  if (kind === null || (kind === 'open' && isLongAgo(newest, starts))) return null;
  const streak = streakOf(earlier, BAD[kind]);
  const shown = (kind === 'fixed' && streak.at(-1)) || newest;
  const since = startOf(streak[0], starts);
  return { kind, of: { kernel: newest.line.kernel, run: shown.line.run, since, was } };
}

/** What counts as broken in the nights before. */
const BAD: Readonly<Record<Kind, readonly JudgedOutcome[]>> = {
  new: ['broken'],
  fixed: ['broken', 'known'],
  still: ['broken'],
  open: ['broken'],
};

/** The last nights in a row that had one of these outcomes. */
function streakOf(seen: readonly Seen[], outcomes: readonly JudgedOutcome[]): readonly Seen[] {
  return seen.slice(seen.findLastIndex(({ outcome }) => !outcomes.includes(outcome)) + 1);
}

function startOf(seen: Seen | undefined, starts: readonly string[]): string | null {
  return seen === undefined ? null : (starts[seen.night] ?? null);
}

function isLongAgo({ night }: Seen, starts: readonly string[]): boolean {
  return Date.parse(starts.at(-1) ?? '') - Date.parse(starts[night] ?? '') > OPEN_MS;
}

/** What to call it, by what an invariant is now (null: not judged) and was the last time before. */
function kindOf(now: JudgedOutcome | null, was: JudgedOutcome | null): Kind | null {
  switch (now) {
    case null:
      return was === 'broken' ? 'open' : null;
    case 'broken':
      return was === 'broken' ? 'still' : 'new';
    case 'kept':
      return was === 'broken' || was === 'known' ? 'fixed' : null;
    case 'known':
      return null;
  }
}

function unjudgedCell(
  { key, cell, nights }: CellNights,
  { lines }: CellNight,
  starts: readonly string[],
): UnjudgedCell {
  const newest = lines.at(-1);
  const judged = nights.findLast((one) => one.lines.some(isJudged));
  return {
    key,
    cell,
    run: newest?.run ?? '',
    code: newest?.verdict.code ?? null,
    judged: judged ? (starts[judged.night] ?? null) : null,
  };
}

interface Named {
  readonly cell: string;
  readonly key: string;
  readonly invariant?: string;
}

function byName(one: Named, other: Named): number {
  return compare(nameOf(one), nameOf(other));
}

function nameOf({ cell, key, invariant = '' }: Named): string {
  return `${cell} ${key} ${invariant}`;
}

/** By code unit: the same order in every locale. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
