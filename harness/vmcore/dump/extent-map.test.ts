// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { extentAt, extentMap } from './extent-map.ts';

type Pair = readonly [start: number, end: number];

const mapOf = (pairs: readonly Pair[]): ReturnType<typeof extentMap> =>
  extentMap({
    starts: Float64Array.from(pairs, ([start]) => start),
    ends: Float64Array.from(pairs, ([, end]) => end),
  });

describe('extentMap()', () => {
  it.each<{ what: string; pairs: readonly Pair[]; pieces: readonly (readonly number[])[] }>([
    { what: 'nothing', pairs: [], pieces: [] },
    { what: 'an empty extent', pairs: [[3, 3]], pieces: [] },
    {
      what: 'extents out of order',
      pairs: [
        [20, 30],
        [0, 10],
      ],
      pieces: [
        [0, 10, 1],
        [20, 30, 0],
      ],
    },
    {
      what: 'one in the middle of another',
      pairs: [
        [10, 20],
        [0, 30],
      ],
      pieces: [
        [0, 10, 1],
        [10, 20, 0],
        [20, 30, 1],
      ],
    },
    {
      what: 'one that covers all others, in one piece',
      pairs: [
        [0, 30],
        [10, 20],
        [5, 12],
      ],
      pieces: [[0, 30, 0]],
    },
  ])('cuts $what', ({ pairs, pieces }) => {
    const { starts, ends, owners } = mapOf(pairs);
    expect([...starts].map((start, at) => [start, ends[at], owners[at]])).toEqual(pieces);
  });

  it('gives each place to the first extent that has it', () => {
    const pair = fc
      .tuple(fc.nat(40), fc.nat(20))
      .map(([start, size]): Pair => [start, start + size]);
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 8 }), fc.nat(70), (pairs, at) => {
        const map = mapOf(pairs);
        const index = extentAt(map, at);
        const isThere = (map.starts[index] ?? Infinity) <= at;
        const first = pairs.findIndex(([start, end]) => start <= at && at < end);
        expect(isThere ? map.owners[index] : -1).toBe(first);
      }),
    );
  });
});
