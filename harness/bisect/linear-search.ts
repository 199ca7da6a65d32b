// SPDX-License-Identifier: MIT
import type { Change } from './answers.ts';

/** On which side of the change being searched for another change is; `skip`: unknown. */
export type Side = 'old' | 'new' | 'skip';

/** What a search does next. */
export type SearchStep =
  | {
      readonly kind: 'ask';
      readonly change: Change;
      /** About how many changes will be open after it, and how many more questions that takes. */
      readonly left: number;
      readonly steps: number;
    }
  /** The change being searched for, and the last one before it. */
  | { readonly kind: 'found'; readonly first: Change; readonly before: Change }
  /** It is one of these; all but the last were skipped. */
  | {
      readonly kind: 'skips-left';
      readonly candidates: readonly Change[];
      readonly before: Change;
    };

/** Changes, and how to search for the one between old and new. */
export interface ChangeRange {
  /** The ends, on both of which the search relies. */
  readonly old: Change;
  readonly new: Change;
  /** How many changes follow the old end, including the new end. */
  readonly length: number;
  /** The next step, given the sides of changes in the order in which they were asked. */
  next(sides: ReadonlyMap<string, Side>): Promise<SearchStep>;
  /** The new end without one change, or a sentence why there is no such kernel; null if that would prove nothing. */
  revert(change: Change): Promise<Change | string | null>;
  /** All answers of the last step, for `git bisect replay`; null if there was none, or if changes are not commits. */
  log(): string | null;
}

/** Searches a list between its ends: asks about the unknown change nearest the middle. */
export function searchList(
  changes: readonly Change[],
  sides: ReadonlyMap<string, Side>,
): SearchStep {
  const sideAt = (index: number): Side | undefined =>
    index === 0
      ? 'old'
      : index === changes.length - 1
        ? 'new'
        : sides.get(changes[index]?.id ?? '');
  const indices = changes.map((_, index) => index);
  const first = indices.find((index) => sideAt(index) === 'new') ?? indices.length - 1;
  const before = indices.slice(0, first).findLast((index) => sideAt(index) === 'old') ?? 0;
  const open = indices.slice(before + 1, first);
  const middle = (before + first) / 2;
  const [nearest] = open
    .filter((index) => sideAt(index) === undefined)
    .toSorted((one, other) => Math.abs(one - middle) - Math.abs(other - middle));
  if (nearest !== undefined) {
    return {
      kind: 'ask',
      change: changeAt(changes, nearest),
      left: Math.floor(open.length / 2),
      steps: Math.ceil(Math.log2(Math.floor(open.length / 2) + 1)),
    };
  }
  const last = changeAt(changes, before);
  if (open.length === 0) return { kind: 'found', first: changeAt(changes, first), before: last };
  const candidates = [...open, first].map((index) => changeAt(changes, index));
  return { kind: 'skips-left', candidates, before: last };
}

/** A range that is a list, the oldest first; at least two changes. */
export function listRange(changes: readonly Change[]): ChangeRange {
  return {
    old: changeAt(changes, 0),
    new: changeAt(changes, changes.length - 1),
    length: changes.length - 1,
    next: (sides) => Promise.resolve(searchList(changes, sides)),
    revert: () => Promise.resolve(null),
    log: () => null,
  };
}

function changeAt(changes: readonly Change[], index: number): Change {
  const change = changes[index];
  if (!change) throw new Error(`No change ${index} of ${changes.length}`);
  return change;
}
