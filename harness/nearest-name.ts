// SPDX-License-Identifier: MIT

/** The name that a mistyped one was most likely meant to be. */
export function nearestName(wanted: string, names: readonly string[]): string {
  const [nearest = ''] = names.toSorted((a, b) => distance(wanted, a) - distance(wanted, b));
  return nearest;
}

/** How many characters must be inserted, deleted or changed to turn `a` into `b` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [index, character] of a.split('').entries()) {
    const next = [index + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const change = (row[column - 1] ?? 0) + (b[column - 1] === character ? 0 : 1);
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
