// SPDX-License-Identifier: MIT

/** The half-open runs of consecutive numbers below `count` for which `isIn` holds. */
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
