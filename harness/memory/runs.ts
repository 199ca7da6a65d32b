// SPDX-License-Identifier: MIT

/** The runs, half-open, of those of the numbers from 0 to `count` that are in a set. */
export function* runsOf(
  count: number,
  isIn: (index: number) => boolean,
): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < count; from += 1) {
    if (!isIn(from)) continue;
    let to = from + 1;
    while (to < count && isIn(to)) to += 1;
    yield [from, to];
    from = to;
  }
}
