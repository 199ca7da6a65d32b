// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { missingCells } from './missing-cells.ts';
import { plan, sourceRun, third } from './testing/source-run-builder.ts';

const NONE = { missing: [], absentShards: [] };

describe('missingCells', () => {
  it('finds none where the shards ran all', () => {
    const runs = [1, 2, 3].map((nr) => sourceRun(third(nr), third(nr).chosen));
    expect(missingCells(runs)).toEqual(NONE);
  });

  it('names a shard that is not there, and its cells', () => {
    const runs = [1, 3].map((nr) => sourceRun(third(nr), third(nr).chosen));
    const why = 'there is no run of shard 2/3';
    expect(missingCells(runs)).toEqual({
      missing: [
        { cell: 'c', why },
        { cell: 'd', why },
      ],
      absentShards: ['2/3'],
    });
  });

  it('names the cells that a run did not reach, and why one could not be judged', () => {
    const notJudged = [{ cell: 'b', why: 'It has no cell.json' }];
    const runs = [
      sourceRun(plan({ planned: ['a', 'b', 'c'], chosen: ['a', 'b', 'c'] }), ['a'], { notJudged }),
    ];
    expect(missingCells(runs)).toEqual({
      missing: [
        { cell: 'b', why: 'results/night: It has no cell.json' },
        { cell: 'c', why: 'the run results/night ended before it' },
      ],
      absentShards: [],
    });
  });

  it('finds none of a shard that was killed and run again', () => {
    const runs = [
      sourceRun(third(1), ['a']),
      ...[1, 2, 3].map((nr) => sourceRun(third(nr), third(nr).chosen)),
    ];
    expect(missingCells(runs)).toEqual(NONE);
  });

  it('misses no cell that is left to another night', () => {
    const tonight = plan({ planned: ['a'], chosen: ['a'], limit: 60 });
    expect(missingCells([sourceRun(tonight, ['a'])])).toEqual(NONE);
  });

  it('misses no shard where another run has its cells', () => {
    const rest = sourceRun(plan(), ['c', 'd', 'e', 'f']);
    const { missing, absentShards } = missingCells([sourceRun(third(1), ['a', 'b']), rest]);
    expect([missing, absentShards]).toEqual([[], []]);
  });

  it('names repeats that were not reached', () => {
    const twice = plan({ repeat: 2, planned: ['a'], chosen: ['a'] });
    expect(missingCells([sourceRun(twice, ['a'])]).missing.map(({ cell }) => cell)).toEqual([
      'a.repeat-2',
    ]);
  });

  it('says so where shards chose differently, so that no shard took a cell', () => {
    const one = plan({ shard: '1/2', planned: ['a', 'b'], chosen: ['a'] });
    const two = plan({ shard: '2/2', planned: ['a', 'c'], chosen: ['c'] });
    expect(missingCells([sourceRun(one, ['a']), sourceRun(two, ['c'])])).toEqual({
      missing: [{ cell: 'b', why: 'no shard took it: they were told different histories' }],
      absentShards: [],
    });
  });

  it('knows nothing of what a run without plan was to run', () => {
    expect(missingCells([sourceRun(null, [])])).toEqual(NONE);
  });
});
