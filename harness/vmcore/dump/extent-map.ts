// SPDX-License-Identifier: MIT

/** Half-open extents from `starts[i]` to `ends[i]`; where they overlap, the first counts. */
export interface Extents {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Disjoint extents, ascending, each with the index of the extent that it was cut from. */
export interface ExtentMap extends Extents {
  readonly owners: Uint32Array;
}

/** Cuts overlapping extents into disjoint ones, in the time of a sort, however they overlap. */
export function extentMap({ starts, ends }: Extents): ExtentMap {
  const bounds = boundsOf(starts, ends);
  const owners = new Int32Array(bounds.length).fill(-1);
  const nextFree = new Uint32Array(bounds.length).map((_, index) => index);
  for (const [owner, start] of starts.entries()) {
    const last = lowerBound(bounds, ends[owner] ?? start);
    let cell = freeFrom(nextFree, lowerBound(bounds, start));
    while (cell < last) {
      owners[cell] = owner;
      nextFree[cell] = cell + 1;
      cell = freeFrom(nextFree, cell + 1);
    }
  }
  return joinCells(bounds, owners);
}

/** The index of the first extent that ends after `at`; the number of extents if none does. */
export function extentAt({ ends }: Extents, at: number): number {
  let [low, high] = [0, ends.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ends[middle] ?? 0) > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** All starts and ends, ascending, without duplicates. */
function boundsOf(starts: Float64Array, ends: Float64Array): Float64Array {
  const all = new Float64Array(starts.length * 2);
  all.set(starts);
  all.set(ends, starts.length);
  all.sort();
  return all.filter((bound, index) => bound !== all[index - 1]);
}

function lowerBound(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first cell without an owner, from `cell` on (a disjoint-set forest with path halving). */
function freeFrom(nextFree: Uint32Array, cell: number): number {
  let at = cell;
  for (;;) {
    const next = nextFree[at] ?? at;
    if (next === at) return at;
    nextFree[at] = nextFree[next] ?? next;
    at = next;
  }
}

/** Joins neighbouring cells of one owner. */
function joinCells(bounds: Float64Array, cells: Int32Array): ExtentMap {
  const [starts, ends, owners]: [number[], number[], number[]] = [[], [], []];
  for (const [cell, owner] of cells.entries()) {
    const end = bounds[cell + 1];
    if (owner < 0 || end === undefined) continue;
    const start = bounds[cell] ?? end;
    if (owners.at(-1) === owner && ends.at(-1) === start) {
      ends[ends.length - 1] = end;
    } else {
      starts.push(start);
      ends.push(end);
      owners.push(owner);
    }
  }
  return {
    starts: Float64Array.from(starts),
    ends: Float64Array.from(ends),
    owners: Uint32Array.from(owners),
  };
}
