// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { takeShard } from './shard.ts';

describe('takeShard', () => {
  it.each([
    { shard: '1/1', cells: ['a', 'b', 'c', 'd', 'e'] },
    { shard: '1/2', cells: ['a', 'b'] },
    { shard: '2/2', cells: ['c', 'd', 'e'] },
    { shard: '6/6', cells: ['e'] },
    { shard: '1/6', cells: [] },
  ])('gives shard $shard of five cells', ({ shard, cells }) => {
    expect(takeShard(['a', 'b', 'c', 'd', 'e'], shard)).toEqual(cells);
  });

  it('gives shards that are disjoint, complete and of the same size, give or take a cell', () => {
    const sizes = fc.record({ cells: fc.nat(50), count: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(sizes, ({ cells, count }) => {
        const all = Array.from({ length: cells }, (_, index) => index);
        const shards = Array.from({ length: count }, (_, index) =>
          takeShard(all, `${index + 1}/${count}`),
        );
        expect(shards.flat()).toEqual(all);
        const lengths = shards.map(({ length }) => length);
        expect(Math.max(...lengths) - Math.min(...lengths)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('gives shards that take equally long, give or take the longest cell', () => {
    const times = fc.array(fc.double({ min: 0.5, max: 60, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 9 }), (seconds, count) => {
        const cells = seconds.map((_, index) => index);
        const timeOf = (cell: number): number => seconds[cell] ?? 0;
        const shards = Array.from({ length: count }, (_, index) =>
          takeShard(cells, `${index + 1}/${count}`, timeOf),
        );
        expect(shards.flat()).toEqual(cells);
        const total = (shard: readonly number[]): number =>
          shard.reduce((sum, cell) => sum + timeOf(cell), 0);
        const share = total(cells) / count;
        for (const shard of shards) {
          expect(total(shard)).toBeLessThanOrEqual(share + Math.max(0, ...seconds) + 1e-6);
        }
      }),
    );
  });

  it.each([
    '',
    '1',
    '0/2',
    '3/2',
    '1/0',
    '-1/2',
    '1/2/3',
    '1 / 2',
    '1.5/2',
    'one/two',
    '1/9999999',
  ])('refuses "%s"', (shard) => {
    expect(() => takeShard([], shard)).toThrow(
      new UsageError(
        `Cannot take shard "${shard}": expected i/n with 1 <= i <= n; give 1/3 for the first third`,
      ),
    );
  });
});
